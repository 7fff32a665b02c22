"""The return path: an envelope sender of its own for each mail, so that a report comes back to its ledger row (VERP).

`bounce@return.example.jp` becomes `bounce+<token>@return.example.jp`. The token is the row and 96 bits of HMAC in
base32, for mail systems on the way may change the case of a local part (RFC 5321 2.4): a report is believed only if
somebody had the mail in hand. Local part: 39 characters of the 64 allowed (RFC 5321 4.5.3.1.1).
"""

import base64
import binascii
import hashlib
import hmac
from functools import cache

from django.conf import settings

_LENGTH = 32


@cache
def _key() -> bytes:
    return hashlib.sha256(b"return path:" + settings.SECRET_KEY.encode()).digest()


def token(row_id: int) -> str:
    """The token of a ledger row: 32 lower-case characters. Serves as an ENVID (RFC 3461 4.4) too."""
    number = row_id.to_bytes(8, "big")
    return base64.b32encode(number + hmac.digest(_key(), number, "sha256")[:12]).decode().lower()


def row_of(text: str) -> int | None:
    """The row of a token in any case, or None if it was not made here."""
    if len(text) != _LENGTH:
        return None
    try:
        raw = base64.b32decode(text.encode("ascii"), casefold=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if not hmac.compare_digest(raw[8:], hmac.digest(_key(), raw[:8], "sha256")[:12]):
        return None
    row = int.from_bytes(raw[:8], "big")
    return row if row < 2**63 else None


def row_in(address: str) -> int | None:
    """The row whose token stands in an envelope sender of ours, or None."""
    return row_of(address.rpartition("@")[0].rpartition("+")[2])


def envelope_sender(row_id: int, *, return_path: str, from_address: str) -> str:
    """MAIL FROM for one mail: the return path with the row's token, or From's address where no return path is set.

    Pure and quick (one HMAC), for the hot path; `return_path` is `configured()`, read once a dispatch.
    """
    local, at, domain = return_path.rpartition("@")
    return f"{local}+{token(row_id)}@{domain}" if at else from_address


def configured() -> str:
    """The organisation's return path, or nothing."""
    from tashika.delivery.bounces.models import BounceSettings

    return BounceSettings.objects.values_list("return_path", flat=True).filter(pk=1).first() or ""

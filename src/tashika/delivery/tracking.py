"""Tokens in the links of a mail: which ledger row, for which purpose, signed.

One keyed hash over the row gives 128 bits for each purpose, none of which says anything of the others: a click link that
leaks to the page it leads to can't opt anybody out, and no row can be guessed (ASVS 5.0 11.5.1).
"""

import base64
import binascii
import hashlib
import hmac
from functools import cache
from typing import Any

from django.conf import settings

OPT_OUT, OPEN, CLICK = b"u", b"o", b"c"
_PART = {OPT_OUT: slice(0, 16), OPEN: slice(16, 32), CLICK: slice(32, 48)}  # bytes of the hash
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@cache
def _keyed() -> Any:
    """BLAKE2b with our key (RFC 7693), to be copied: several times faster than HMAC for one short text."""
    key = hashlib.sha256(b"tracking:" + settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(key=key, digest_size=48, person=b"links")


def _seals(number: bytes) -> bytes:
    sealed = _keyed().copy()
    sealed.update(number)
    return bytes(sealed.digest())


def _tokens(*raw: bytes) -> str:
    """24 bytes each, 32 characters each, safe in a URL."""
    return binascii.b2a_base64(b"".join(raw), newline=False).translate(_URL_SAFE).decode("ascii")


def token(purpose: bytes, row: int) -> str:
    """The token of a row for a purpose: 32 characters, safe in a URL."""
    number = row.to_bytes(8, "big")
    return _tokens(number, _seals(number)[_PART[purpose]])


def row_of(purpose: bytes, text: str) -> int | None:
    """The row of a token, or None if it was not made here for this purpose."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, UnicodeEncodeError):
        return None
    if len(raw) != 24 or not hmac.compare_digest(raw[8:], _seals(raw[:8])[_PART[purpose]]):
        return None
    return int.from_bytes(raw[:8], "big")


def links(base_url: str, row: int) -> tuple[str, str, str]:
    """The opt-out, open and click addresses of one mail; a click address is completed by the link's index."""
    number = row.to_bytes(8, "big")
    seals = _seals(number)
    tokens = _tokens(number, seals[:16], number, seals[16:32], number, seals[32:])
    return f"{base_url}/u/{tokens[:32]}", f"{base_url}/o/{tokens[32:64]}.gif", f"{base_url}/c/{tokens[64:]}/"

"""Addresses: normal form, keyed hash, mask."""

import contextlib
import hashlib
import hmac

from django.conf import settings


def address_key(address: str) -> str:
    """The address in normal form: what makes two spellings one mailbox. The domain is lower-cased and in its ASCII
    form; the local part is lower-cased too, as practically every mailbox is (RFC 5321 2.4 leaves it to the host)."""
    local, _, domain = address.strip().rpartition("@")
    domain = domain.lower().rstrip(".")
    if not domain.isascii():
        import idna

        with contextlib.suppress(idna.IDNAError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local.lower()}@{domain}"


def address_hash(key: str) -> bytes:
    """HMAC-SHA-256 of an address key under the installation's secret: equality without the address."""
    return hmac.digest(settings.SECRET_KEY.encode(), key.encode(), hashlib.sha256)


def masked(address: str) -> str:
    """What people may read of a suppressed address: t***@example.jp."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"[:100]

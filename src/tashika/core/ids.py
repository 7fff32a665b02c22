"""Identifiers: ULIDs, sortable by time, with 80 random bits (ASVS 5.0 11.5.1 counts only the random part)."""

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """A new ULID: 26 characters, sortable by the millisecond it was made in."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))

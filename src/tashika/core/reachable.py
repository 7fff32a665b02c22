"""Proof that an answer over the network came from this installation: only it can compute the answer to a number."""

import hashlib
import hmac

from django.conf import settings


def answer(nonce: str) -> str:
    """The answer to a number used once."""
    key = hashlib.sha256(b"reachable:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, nonce.encode(), "sha256").hexdigest()

"""Secrets at rest: sealed with a key made from the installation's secret, one per purpose."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def seal(purpose: str, secret: str) -> bytes:
    """A secret as it may stand in the database; nothing stays nothing."""
    return _box(purpose).encrypt(secret.encode()) if secret else b""


def unseal(purpose: str, sealed: bytes) -> str:
    """The secret again. Raises cryptography.fernet.InvalidToken for what was not sealed here for this purpose."""
    return _box(purpose).decrypt(sealed).decode() if sealed else ""


def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()))

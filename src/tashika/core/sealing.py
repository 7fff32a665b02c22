"""Secrets at rest: sealed with a key made from the installation's secret, one per purpose."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from tashika.core.errors import TashikaError
from tashika.core.text import t


class UnableToUnseal(TashikaError):
    """The secret was sealed under another secret key, or for another purpose."""

    code = "unable_to_unseal"


def seal(purpose: str, secret: str) -> bytes:
    """A secret as it may stand in the database; nothing stays nothing."""
    return _box(purpose).encrypt(secret.encode()) if secret else b""


def unseal(purpose: str, sealed: bytes) -> str:
    """The secret again. Raises UnableToUnseal for what was not sealed here for this purpose."""
    try:
        return _box(purpose).decrypt(sealed).decode() if sealed else ""
    except InvalidToken as error:
        raise UnableToUnseal(
            t("保管している秘密情報を開けません。", "A secret that is kept here can't be opened."),
            fix=t(
                "secret_key を、保管したときのものに戻してください。", "Bring back the secret_key it was kept under."
            ),
            where=purpose,
        ) from error


def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()))

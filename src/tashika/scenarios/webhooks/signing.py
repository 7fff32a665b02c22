"""The signature of the Standard Webhooks form (standardwebhooks.com, 1.0.0): HMAC-SHA-256 over id, time and body. Pure."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret as the form writes it: 32 random bytes in base64 behind whsec_."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(*, secret: str, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of a request; `at` is in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }

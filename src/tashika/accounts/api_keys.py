"""Make, verify and revoke API keys."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from tashika.accounts.models import ApiKey, Role, User
from tashika.accounts.users import actor_of
from tashika.core import audit


def make(*, name: str, role: str, by: User, now: datetime) -> tuple[ApiKey, str]:
    """Make a key. The second value is the key itself: shown once, never kept."""
    secret = "tsk_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name, role=Role(role), prefix=secret[:10], secret_hash=_hash(secret), created_by=by, created_at=now
        )
        audit.record(
            actor=actor_of(by), verb="make_api_key", subject=f"api_key:{key.pk}", now=now, detail={"role": role}
        )
    return key, secret


def verify(*, secret: str, now: datetime) -> ApiKey | None:
    """The key that this secret belongs to, unless it is unknown or revoked."""
    key = ApiKey.objects.filter(secret_hash=_hash(secret), revoked_at=None).first()
    if key and (key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1)):
        key.last_used_at = now
        key.save(update_fields=["last_used_at"])
    return key


def revoke(*, key: ApiKey, by: User, now: datetime) -> None:
    """Make a key useless from now on. Doing it again changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            audit.record(actor=actor_of(by), verb="revoke_api_key", subject=f"api_key:{key.pk}", now=now)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()

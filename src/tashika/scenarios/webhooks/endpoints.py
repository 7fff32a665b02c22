"""The secret of each address that webhooks go to."""

from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sealing
from tashika.scenarios.webhooks import signing
from tashika.scenarios.webhooks.models import Endpoint

_PURPOSE = "webhook secret"


def of(url: str, *, now: datetime) -> Endpoint:
    """The endpoint of an address; made with a secret of its own, which nobody has seen, where there is none."""
    sealed = sealing.seal(_PURPOSE, signing.new_secret())
    return Endpoint.objects.get_or_create(url=url, defaults={"secret_sealed": sealed, "rotated_at": now})[0]


def rotate(*, url: str, by: User, now: datetime) -> str:
    """A new secret, shown this once: for the receiver to keep. What is sent from now on is signed by it. Raises NotAllowed."""
    require(by.role, "administer")
    secret = signing.new_secret()
    with transaction.atomic():
        endpoint = of(url, now=now)
        endpoint.secret_sealed, endpoint.rotated_at = sealing.seal(_PURPOSE, secret), now
        endpoint.save(update_fields=["secret_sealed", "rotated_at"])
        audit.record(actor=actor_of(by), verb="rotate_webhook_secret", subject=f"endpoint:{endpoint.pk}", now=now)
    return secret


def secret_of(endpoint: Endpoint) -> str:
    """The secret that signs. Raises UnableToUnseal."""
    return sealing.unseal(_PURPOSE, bytes(endpoint.secret_sealed))

"""Webhooks of providers: who may call, and what their events become.

A provider shows a password of ours (HTTP basic, in the address that it is given) and, where it can, signs what it
sends. Without a hook for it, nobody is listened to.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, config, sealing
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import t
from tashika.delivery import states
from tashika.delivery.bounces import taking, tying
from tashika.delivery.bounces.models import Hook
from tashika.delivery.bounces.parsing import provider_events

_PURPOSE = "hook"
USER = "tashika"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that can report. `signs`: with a key of its own, which anymail calls by `key_name`."""

    name: str
    key_name: str = ""


PROVIDERS: dict[str, Provider] = {
    "amazon-ses": Provider("Amazon SES"),
    "brevo": Provider("Brevo"),
    "mailersend": Provider("MailerSend", "signing_secret"),
    "mailgun": Provider("Mailgun", "webhook_signing_key"),
    "mailjet": Provider("Mailjet"),
    "postmark": Provider("Postmark"),
    "resend": Provider("Resend", "signing_secret"),
    "sendgrid": Provider("SendGrid", "tracking_webhook_verification_key"),
    "sparkpost": Provider("SparkPost"),
}


class UnableToSetUpHook(TashikaError):
    """The provider is unknown, or signs and no key was given."""

    code = "unable_to_set_up_hook"
    status = 422


@dataclass(frozen=True, slots=True)
class OpenHook:
    """A hook with its secrets, for whoever checks a call."""

    provider: Provider
    password: str  # user:password, as HTTP basic has it
    signing_key: str


def open_to(*, provider: str, signing_key: str, by: User, now: datetime) -> str:
    """Listen to a provider; the address to give it, which carries the password and is shown once. Doing it again gives
    a new password. Raises UnableToSetUpHook."""
    require(by.role, "administer")
    known = PROVIDERS.get(provider)
    if known is None:
        raise UnableToSetUpHook(t("この事業者には対応していません。", "This provider is not known."), where="provider")
    if known.key_name and not signing_key.strip():
        raise UnableToSetUpHook(
            t("{name} の署名キーを入力してください。", "{name} signs what it sends: give its key.", name=known.name),
            where="signing_key",
        )
    password = secrets.token_urlsafe(24)
    sealed = {
        "password_sealed": sealing.seal(_PURPOSE, password),
        "signing_key_sealed": sealing.seal(_PURPOSE, signing_key.strip()),
    }
    with transaction.atomic():
        Hook.objects.update_or_create(provider=provider, defaults={**sealed, "created_at": now})
        audit.record(actor=actor_of(by), verb="open_hook", subject="bounces", now=now, detail={"provider": provider})
    scheme, _, host = config.base_url().partition("://")
    return f"{scheme}://{USER}:{password}@{host}/hooks/mail/{provider}"


def close(*, provider: str, by: User, now: datetime) -> None:
    """Listen to a provider no more."""
    require(by.role, "administer")
    with transaction.atomic():
        Hook.objects.filter(provider=provider).delete()
        audit.record(actor=actor_of(by), verb="close_hook", subject="bounces", now=now, detail={"provider": provider})


def find(provider: str) -> OpenHook:
    """The hook of a provider. Raises NotFound."""
    found = Hook.objects.filter(provider=provider).first()
    if found is None or provider not in PROVIDERS:
        raise NotFound(t("見つかりません。", "There is no such thing."))
    return OpenHook(
        provider=PROVIDERS[provider],
        password=f"{USER}:{sealing.unseal(_PURPOSE, bytes(found.password_sealed))}",
        signing_key=sealing.unseal(_PURPOSE, bytes(found.signing_key_sealed)),
    )


def take_events(*, provider: str, events: Iterable[dict[str, Any]], now: datetime) -> int:
    """Take events of a provider that has been verified; how many were new. Opens and clicks are ours to count: like
    everything that goes well they are kept only as evidence for a row in doubt."""
    Hook.objects.filter(provider=provider).update(called_at=now)
    taken = 0
    for event in events:
        what = event.get("event_type")
        if what not in provider_events.KINDS:
            continue
        raw = json.dumps({"provider": provider, **event}, ensure_ascii=False, sort_keys=True, default=str).encode()
        if what in provider_events.WENT_WELL and not _settles(raw):
            continue
        taken += taking.take(raw=raw, way="webhook", provider=provider, now=now).new
    return taken


def _settles(raw: bytes) -> bool:
    """Whether it speaks of a mail in doubt: of that one, not of any to the same address."""
    tied = tying.tie(provider_events.read(raw), trusted=False)
    return tied is not None and tied.row.state == states.IN_DOUBT

"""The suppression list: addresses never to write to, whatever is deleted or imported."""

from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import consent, sources
from tashika.people.addresses import address_hash, address_key, masked
from tashika.people.models import Suppression


class UnableToLift(TashikaError):
    """An opt-out is the person's own wish: only their consent lifts it."""

    code = "unable_to_lift"


def add(*, addresses: list[str], reason: str, detail: str, by: Actor, now: datetime) -> int:
    """Put addresses on the list; how many were new. Lines without an @ are passed over."""
    wanted = {address_hash(key): key for key in (address_key(one) for one in addresses if "@" in one)}
    with transaction.atomic():
        source = sources.of_actor(by, now=now)
        before = Suppression.objects.filter(address_hash__in=list(wanted)).count()
        Suppression.objects.bulk_create(
            [
                Suppression(
                    address_hash=key,
                    masked=masked(address),
                    reason=reason,
                    detail=detail[:500],
                    since=now,
                    source=source,
                )
                for key, address in wanted.items()
            ],
            ignore_conflicts=True,
        )
        audit.record(actor=by, verb="suppress", subject="suppression", now=now, detail={"addresses": len(wanted)})
    return len(wanted) - before


def lift(*, suppression: Suppression, why: str, by: Actor, now: datetime) -> None:
    """Take an address off the list, with a reason. Raises UnableToLift for an opt-out or a complaint."""
    if suppression.reason in consent.WISHES:
        raise UnableToLift(
            t("本人による配信停止は解除できません。", "This is the person's own opt-out and can't be lifted."),
            fix=t(
                "本人から同意を得て、見込み顧客の画面で記録してください。",
                "Record the person's new consent on the contact's page.",
            ),
        )
    with transaction.atomic():
        audit.record(
            actor=by,
            verb="lift_suppression",
            subject="suppression",
            now=now,
            detail={"masked": suppression.masked, "why": why},
        )
        suppression.delete()


def is_suppressed(address: str) -> bool:
    """Whether an address is on the list."""
    return Suppression.objects.filter(address_hash=address_hash(address_key(address))).exists()

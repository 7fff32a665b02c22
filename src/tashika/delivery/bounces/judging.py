"""What a report leads to: suppression, opt-out, or nothing but being counted."""

from datetime import datetime, timedelta

from tashika.accounts import verifying
from tashika.activity.models import Event
from tashika.core.actors import SYSTEM
from tashika.delivery.bounces import settings
from tashika.delivery.bounces.models import Bounce
from tashika.delivery.bounces.parsing.report import Kind
from tashika.delivery.models import Dispatch, LedgerRow
from tashika.people import consent, suppression

_EVENTS = {
    Kind.HARD: Event.Kind.BOUNCED,
    Kind.SOFT: Event.Kind.BOUNCED,
    Kind.COMPLAINT: Event.Kind.COMPLAINED,
}


def judge(bounce: Bounce, *, row: LedgerRow, now: datetime) -> None:
    """Act on a report about a row. Doing it again changes nothing.

    A hard bounce takes the address off at once. Soft ones are counted, one a mail, and take it off at the limit. A
    complaint is the person's own word. Delays, automatic replies and unknown reports are shown and lead to nothing.
    A notice to our own staff says nothing of any contact: a hard bounce only takes the word back that the address is verified.
    """
    if row.contact_id is None:
        if bounce.kind == Kind.HARD:
            verifying.withdraw(user_id=int(row.staff_id or 0), address=row.address, why=str(bounce), by=SYSTEM, now=now)
        return
    tell(bounce, row)
    if bounce.kind == Kind.COMPLAINT:
        consent.opt_out(contact_id=row.contact, address=row.address, now=now, detail=str(bounce), reason="complaint")
    elif bounce.kind == Kind.HARD:
        _suppress(bounce, row, "hard_bounce", now)
    elif bounce.kind == Kind.SOFT and soft_limit_reached(bytes(row.address_hash), now=now):
        _suppress(bounce, row, "soft_bounce", now)


def soft_limit_reached(address_hash: bytes, *, now: datetime) -> bool:
    """Whether so many mails to an address have come back softly within the days of the policy."""
    policy = settings.current()
    since = now - timedelta(days=policy.soft_days)
    soft = Bounce.objects.filter(address_hash=address_hash, kind=Kind.SOFT, at__gte=since)
    return soft.values("row_id").distinct().count() >= policy.soft_limit


def tell(bounce: Bounce, row: LedgerRow) -> None:
    """Tell activity, once for a mail and a kind: several reports about one mail are one fact."""
    event = _EVENTS.get(Kind(bounce.kind))
    same = Bounce.objects.filter(row_id=row.pk, kind=bounce.kind).exclude(pk=bounce.pk)
    if event is None or same.exists():
        return
    mail = Dispatch.objects.select_related("mail_version__content").get(pk=row.dispatch_id).mail_version.content
    Event.objects.create(
        at=bounce.at,
        contact_id=row.contact,
        kind=event,
        dispatch_id=row.dispatch_id,
        mail_number=mail.number,
        detail={"bounce": bounce.pk, "kind": bounce.kind, "code": bounce.code},
    )


def _suppress(bounce: Bounce, row: LedgerRow, reason: str, now: datetime) -> None:
    if suppression.is_suppressed(row.address):
        return
    words = " ".join(part for part in (str(bounce), bounce.reason, bounce.code) if part)
    suppression.add(addresses=[row.address], reason=reason, detail=words, by=SYSTEM, now=now)

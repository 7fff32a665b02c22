"""What recipients do with a mail: open, click, opt out. Each is tied to its ledger row by the token of the link."""

from datetime import datetime

from tashika.activity.models import Event
from tashika.delivery import settling, states
from tashika.delivery.models import LedgerRow
from tashika.mails import compiling
from tashika.people import consent


def find(row: int | None) -> LedgerRow | None:
    """The ledger row of a verified token. Notices to our own staff are not tracked, and have nothing to opt out of."""
    if row is None:
        return None
    found = LedgerRow.objects.select_related("dispatch__mail_version__content")
    return found.filter(pk=row, contact_id__isnull=False).first()


def opened(*, row: LedgerRow, now: datetime) -> None:
    """The mail's picture was fetched: a person opened it, or a proxy did."""
    _tell(row, Event.Kind.OPENED, now, {})


def clicked(*, row: LedgerRow, index: int, now: datetime) -> str | None:
    """Where link `index` of the mail leads, merged for this recipient; None for a link that the mail does not have.

    The target comes from the pinned version alone: no address in the request is ever followed (open redirects).
    """
    mail = compiling.compiled(row.dispatch.mail_version, organisation=row.dispatch.organisation)
    if not 0 <= index < len(mail.links):
        return None
    target = mail.link(index, row.merge_values)
    _tell(row, Event.Kind.CLICKED, now, {"link": index})
    return target


def opted_out(*, row: LedgerRow, now: datetime) -> None:
    """The person opted out by the mail's own link, which proves that it arrived."""
    consent.opt_out(contact_id=row.contact, address=row.address, now=now, detail=f"dispatch:{row.dispatch_id}")
    if row.state == states.IN_DOUBT:
        settling.by_evidence([settling.Verdict(int(row.pk), states.ACCEPTED, "opted_out")], now=now)


def _tell(row: LedgerRow, kind: str, now: datetime, detail: dict[str, int]) -> None:
    number = row.dispatch.mail_version.content.number
    Event.objects.create(
        at=now, contact_id=row.contact, kind=kind, dispatch_id=row.dispatch_id, mail_number=number, detail=detail
    )
    if row.state == states.IN_DOUBT:
        settling.by_evidence([settling.Verdict(int(row.pk), states.ACCEPTED, kind)], now=now)

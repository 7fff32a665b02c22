"""Reads of the ledger: figures that add up, who got it and who was spared."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from tashika.core import sql
from tashika.delivery import states
from tashika.delivery.models import CaughtMail, Dispatch, LedgerRow, Relay, Sender

OUTCOMES = ("got", "in_doubt", "spared", "refused", "excluded", "waiting")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a dispatch: every planned row is in exactly one state."""

    planned: int = 0
    accepted: int = 0
    in_doubt: int = 0
    refused: int = 0
    excluded: int = 0
    stopped: int = 0
    queued: int = 0
    sending: int = 0
    first_begun_at: datetime | None = None
    last_begun_at: datetime | None = None

    def by_state(self) -> dict[str, int]:
        """The counts alone."""
        return {key: value for key, value in asdict(self).items() if isinstance(value, int)}

    @property
    def rate(self) -> float:
        """Mails per second from the first to the last transaction."""
        if self.first_begun_at is None or self.last_begun_at is None:
            return 0.0
        span = (self.last_begun_at - self.first_begun_at).total_seconds()
        return self.accepted / span if span > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row of a list: who, what became of it, when, and the server's words. Of a notice to staff, `contact_id` and the names
    are those of whom it tells, `address` is the user's."""

    row_id: int
    contact_id: int
    address: str
    company_name: str
    family_name: str
    given_name: str
    state: str
    why: str
    begun_at: datetime | None
    ended_at: datetime | None
    reply: str
    message_id: str


def figures(dispatch_id: int) -> Figures:
    """The exact figures of a dispatch at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "figures"), [dispatch_id])
        rows = cursor.fetchall()
    counts = {state: int(number) for state, number, _, _ in rows if number}
    return Figures(
        planned=sum(counts.values()),
        first_begun_at=min((row[2] for row in rows if row[2]), default=None),
        last_begun_at=max((row[3] for row in rows if row[3]), default=None),
        **counts,
    )


def recipients(
    dispatch_id: int, outcome: str, *, after_id: int = 0, limit: int = 100, search: str = ""
) -> list[Recipient]:
    """A page of a dispatch's recipients by outcome, in the ledger's order; the next page is `after_id` the last row.
    `search` is a part of the address. Raises KeyError for an unknown outcome."""
    rows = _rows(dispatch_id, outcome).filter(pk__gt=after_id)
    if search:
        rows = rows.filter(address__icontains=search.strip())
    return with_names(list(rows.order_by("pk")[:limit]))


def export_rows(dispatch_id: int, outcome: str) -> Iterator[Recipient]:
    """All recipients of an outcome, a thousand at a time: memory does not grow with the audience."""
    after = 0
    while page := recipients(dispatch_id, outcome, after_id=after, limit=1000):
        yield from page
        after = page[-1].row_id


def of_contact(contact_id: int, limit: int) -> list[LedgerRow]:
    """What was planned for a contact, the newest first."""
    rows = LedgerRow.objects.filter(contact_id=contact_id).defer("merge_values")
    return list(rows.select_related("dispatch__mail_version__content").order_by("-pk")[:limit])


def state_of(row: LedgerRow) -> str:
    """A row's state as people read it: `stopped` is queued in a dispatch that is stopped."""
    stopped = row.state == states.QUEUED and row.dispatch.state == Dispatch.State.STOPPED
    return states.STOPPED if stopped else row.state


def dispatches() -> QuerySet[Dispatch]:
    """All dispatches, the newest first."""
    return Dispatch.objects.select_related("mail_version__content", "relay").order_by("-id")


def relays() -> QuerySet[Relay]:
    """Relays in use, the default first."""
    return Relay.objects.filter(archived_at=None).order_by("-is_default", "practice", "id")


def practice_mode() -> bool:
    """Whether mail is caught inside because no real relay is confirmed and the default (G11)."""
    return not Relay.objects.filter(is_default=True, practice=False, archived_at=None).exists()


def live_senders(now: datetime) -> QuerySet[Sender]:
    """Sender processes with a permit that runs."""
    return Sender.objects.filter(ended_at=None, permit_until__gt=now)


def caught_mails() -> QuerySet[CaughtMail]:
    """What the practice-mode catcher took, the newest first."""
    return CaughtMail.objects.order_by("-id")


def _rows(dispatch_id: int, outcome: str) -> QuerySet[LedgerRow]:
    waiting = Q(state__in=[states.QUEUED, states.SENDING])
    is_stopped = Dispatch.objects.filter(pk=dispatch_id, state=Dispatch.State.STOPPED).exists()
    conditions = {
        "got": Q(state=states.ACCEPTED),
        "in_doubt": Q(exception=states.IN_DOUBT),
        "spared": Q(state=states.QUEUED) if is_stopped else Q(pk__in=[]),
        "refused": Q(exception=states.REFUSED),
        "excluded": Q(exception=states.EXCLUDED),
        "waiting": Q(state=states.SENDING) if is_stopped else waiting,
    }
    return LedgerRow.objects.filter(conditions[outcome], dispatch_id=dispatch_id)


def with_names(rows: list[LedgerRow]) -> list[Recipient]:
    """Rows as a list shows them, with the names that the contacts have now."""
    from tashika.people.models import Contact

    names = Contact.objects.filter(pk__in=[_who(row) for row in rows]).only("company_name", "family_name", "given_name")
    by_id = {contact.pk: contact for contact in names}
    return [_recipient(row, by_id.get(_who(row))) for row in rows]


def _who(row: LedgerRow) -> int:
    return int(row.contact_id or row.about_id or 0)


def _recipient(row: LedgerRow, contact: object) -> Recipient:
    def value(name: str) -> str:
        return str(getattr(contact, name, "") or "")

    return Recipient(
        row_id=int(row.pk),
        contact_id=_who(row),
        address=row.address,
        company_name=value("company_name"),
        family_name=value("family_name"),
        given_name=value("given_name"),
        state=row.state,
        why=row.why,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        reply=row.reply,
        message_id=str(row.message_id),
    )

"""Which ledger row a report speaks of.

A forged report must not take anybody off: only traces that nobody can make up are believed. Tokens are signed; a
Message-ID has 122 random bits that only the recipient's side has seen. An address alone is believed only of a provider
that has shown its password.
"""

from dataclasses import dataclass

from tashika.delivery import states, tracking
from tashika.delivery.bounces import return_path
from tashika.delivery.bounces.parsing.report import Report
from tashika.delivery.models import LedgerRow
from tashika.people.addresses import address_key
from tashika.people.models import Contact


@dataclass(frozen=True, slots=True)
class Tie:
    """The row, and the trace that led to it."""

    row: LedgerRow
    by: str  # token | link | message_id | recipient


def tie(report: Report, *, trusted: bool) -> Tie | None:
    """The row that a report speaks of, or None. `trusted`: it comes from a provider with its password."""
    for token in report.references.tokens:
        if row := _row(return_path.row_of(token)):
            return Tie(row, "token")
    for link in report.references.links:
        if row := _row(tracking.row_of(tracking.OPT_OUT, link)):
            return Tie(row, "link")
    if row := _by_message_id(report):
        return Tie(row, "message_id")
    if trusted and (row := _latest_to(report.recipients[:1])):
        return Tie(row, "recipient")
    return None


def _row(row_id: int | None) -> LedgerRow | None:
    return LedgerRow.objects.filter(pk=row_id).first() if row_id is not None else None


def _by_message_id(report: Report) -> LedgerRow | None:
    """By the contacts that the report names: the ledger has no index of Message-IDs, for each costs every mail."""
    if not report.references.message_ids:
        return None
    contacts = _contacts(report.recipients)
    return LedgerRow.objects.filter(contact_id__in=contacts, message_id__in=report.references.message_ids).first()


def _latest_to(recipients: tuple[str, ...]) -> LedgerRow | None:
    keys = [address_key(one) for one in recipients]
    left = LedgerRow.objects.filter(contact_id__in=_contacts(recipients), address_key__in=keys, begun_at__isnull=False)
    return left.filter(state__in=[states.ACCEPTED, states.IN_DOUBT]).order_by("-begun_at").first()


def _contacts(recipients: tuple[str, ...]) -> list[int]:
    keys = [address_key(one) for one in recipients if "@" in one]
    return list(Contact.objects.filter(email_key__in=keys).values_list("pk", flat=True))

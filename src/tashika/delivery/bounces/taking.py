"""A report has come: keep it, read it, tie it to its mail, judge it.

Kept first, in a commit of its own: a report that can't be read, or a crash at any point, loses nothing. Whoever brought
it (a mailbox, a pipe, a provider) may bring it again after a crash: the same bytes are the same report.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.core import sql
from tashika.delivery.bounces import judging, keeping, settling
from tashika.delivery.bounces.models import Bounce, RawReport
from tashika.delivery.bounces.parsing import provider_events, reading
from tashika.delivery.bounces.parsing.report import Report
from tashika.delivery.bounces.tying import Tie, tie

log = logging.getLogger("tashika.bounces")


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that was taken: its number, and whether it was new."""

    bounce: Bounce
    new: bool


def take(*, raw: bytes, way: str, now: datetime, provider: str = "", size: int | None = None) -> Taken:
    """Take a report in; again is fine. `size` is the whole length where `raw` was cut already."""
    kept = keep(raw=raw, way=way, provider=provider, size=size, now=now)
    return read(kept, now=now)


def keep(*, raw: bytes, way: str, now: datetime, provider: str = "", size: int | None = None) -> RawReport:
    """Keep the bytes, once."""
    columns = keeping.columns(raw=raw, way=way, provider=provider, size=size, now=now)
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery.bounces", "keep"), columns)
    return RawReport.objects.get(digest=columns["digest"])


def read(kept: RawReport, *, now: datetime) -> Taken:
    """Read a report that is kept, and judge it. What has been read already is left as it is."""
    with transaction.atomic():
        RawReport.objects.select_for_update().only("pk").get(pk=kept.pk)
        found = Bounce.objects.filter(raw=kept).first()
        if found is not None:
            return Taken(found, False)
        values, tied = look_at(kept)
        bounce = Bounce.objects.create(raw=kept, at=kept.received_at, **values)
        if tied is not None:
            judging.judge(bounce, row=tied.row, now=now)
            settling.settle([int(tied.row.pk)], now=now)
    log.info("report read: %s", bounce.kind, extra={"report": kept.pk, "ledger": bounce.row_id})
    return Taken(bounce, True)


def read_what_is_unread(*, now: datetime) -> int:
    """Reports that were kept when a crash came before they were read; how many."""
    unread = RawReport.objects.filter(bounce=None).order_by("pk")[:1000]
    return sum(read(kept, now=now).new for kept in unread)


def look_at(kept: RawReport) -> tuple[dict[str, Any], Tie | None]:
    """What a report says, as the columns of a Bounce, and its mail."""
    report = _report(kept)
    tied = tie(report, trusted=kept.way == "webhook")
    values = {
        "version": reading.VERSION,
        "kind": report.kind.value,
        "reason": str(report.reason),
        "code": report.code[:12],
        "words": report.words[:500],
        "subject": report.subject[:300],
        "format": report.format[:30],
        "recipient": report.recipients[0][:254] if report.recipients else "",
        "tied_by": tied.by if tied else "",
        "row_id": tied.row.pk if tied else None,
        "dispatch_id": tied.row.dispatch_id if tied else None,
        "contact_id": tied.row.contact_id if tied else None,
        "address_hash": bytes(tied.row.address_hash) if tied else None,
    }
    return values, tied


def _report(kept: RawReport) -> Report:
    try:
        return (provider_events if kept.way == "webhook" else reading).read(bytes(kept.raw))
    except Exception:  # the parser never raises; if it does all the same, the report is kept and shown as unknown
        log.exception("a report can't be read", extra={"report": kept.pk})
        return Report()

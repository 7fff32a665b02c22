"""A host asks where it stands: may its senders work? What it finds is on record, and where they may not, its journals are
compared at once (G13).

    no arming on record       a fresh installation arms itself; one that was upgraded waits for a person, unless no
                              relay was ever confirmed, so that nothing can have left
    the place is another      nobody sends any more, on any host, until a person arms again
    the database went back    likewise: this host remembers a higher count, or has handed over what the ledger forgot
    this host is not armed    it alone sends nothing: it is new, or its data folder is a copy
"""

import logging
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from tashika.core import audit
from tashika.core.actors import SYSTEM
from tashika.delivery import journal
from tashika.delivery.arming import comparing, reasons
from tashika.delivery.arming.memory import Memory
from tashika.delivery.models import Arming, LedgerRow, Relay, Sender, SenderHost

log = logging.getLogger("tashika.delivery")

_LOCK = 0x61726D  # one host looks at a time
CLOCKS = timedelta(hours=1)  # by which clocks may differ
DOUBTFUL = timedelta(days=1)  # before the last moment that the database knows of, from which on journals are compared


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a host stands. `why` is empty where it may send; else the codes of `reasons`."""

    host: UUID
    counter: int
    why: list[str]


def look(*, data: Path, now: datetime) -> Standing:
    """Where the host of this data folder stands at this moment."""
    memory = Memory(data)
    known = memory.read()
    born = known.doubt if known else "new"
    identity = memory.begin() if born else known.host  # type: ignore[union-attr]
    counter = known.counter if known and not born else 0
    journals = data / "journals"
    with transaction.atomic():
        one_at_a_time()
        host = _host(identity, born or "first", known.host if known and born else None, counter, now)
        arming = _arming(host, is_first=known is None and not _has_journals(journals), now=now)
        why = _find_out(arming, host, journals, now)
    if why and not journal.any_alive(journals):
        _compare(host, journals, now)
    return Standing(identity, counter, why)


def one_at_a_time() -> None:
    """Until the transaction ends, no host looks about and nobody arms: the lock before all others of these tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def place() -> str:
    """Where the database is at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT delivery_place()")
        return str(cursor.fetchone()[0])


def _host(identity: UUID, born: str, copy_of: UUID | None, counter: int, now: datetime) -> SenderHost:
    host, _ = SenderHost.objects.select_for_update().get_or_create(
        pk=identity,
        defaults={
            "name": socket.gethostname()[:100],
            "born": born,
            "copy_of": copy_of,
            "first_seen_at": now,
            "seen_at": now,
        },
    )
    host.name, host.seen_at, host.remembered = socket.gethostname()[:100], now, counter
    host.save(update_fields=["name", "seen_at", "remembered"])
    return host


def _arming(host: SenderHost, *, is_first: bool, now: datetime) -> Arming:
    """The arming on record; at the very first look the installation arms itself, or waits for a person."""
    arming = Arming.objects.select_for_update().first()
    if arming:
        return arming
    had_senders = Sender.objects.exists()
    fresh = not had_senders and (is_first or not LedgerRow.objects.exists())
    closed = had_senders and not Relay.objects.filter(practice=False, confirmed_at__isnull=False).exists()
    arming = Arming(place=place())
    if fresh or closed:
        arming.armed_at, arming.armed_by = now, SYSTEM.label
        host.armed_at, host.born, host.counter = now, "first", host.remembered
        host.save(update_fields=["armed_at", "born", "counter"])
        audit.record(actor=SYSTEM, verb="arm", subject="installation", now=now, detail={"hosts": [str(host)]})
    else:
        arming.unarmed_since, arming.why = now, ["never_armed"]
        audit.record(actor=SYSTEM, verb="disarm", subject="installation", now=now, detail={"why": arming.why})
    arming.save(force_insert=True)
    return arming


def _find_out(arming: Arming, host: SenderHost, journals: Path, now: datetime) -> list[str]:
    """The codes of why nothing may be sent; what is new among them is put on record."""
    found = reasons.of_place(arming.place, place())
    if _went_back(host, journals):
        found.append("went_back")
    new = [code for code in found if code not in arming.why]
    if new:
        if arming.unarmed_since is None:  # whatever was compared before, by whichever clock, says nothing of this
            SenderHost.objects.update(compared_at=None)
            host.compared_at = None
        arming.why = [*arming.why, *new]
        arming.unarmed_since = arming.unarmed_since or now
        arming.save(update_fields=["why", "unarmed_since"])
        audit.record(
            actor=SYSTEM, verb="disarm", subject="installation", now=now, detail={"why": new, "host": str(host)}
        )
        log.warning("nothing is sent any more: %s", ", ".join(new))
    why = list(arming.why)
    if host.armed_at is None:
        why.append("lost" if host.lost_at else host.born)
    return why


def _went_back(host: SenderHost, journals: Path) -> bool:
    """Whether the database is older than what this host knows. A host that it does not have armed knows nothing of it."""
    if host.armed_at is None:
        return False
    newest = Sender.objects.aggregate(newest=Max("seen_at"))["newest"] or host.first_seen_at
    since = max(newest - CLOCKS, host.first_seen_at)  # what was before is of another database
    return host.counter < host.remembered or comparing.has_forgotten(journals=journals, since=since)


def _compare(host: SenderHost, journals: Path, now: datetime) -> None:
    """Compare this host's journals, once for each time that it, or everything, is unarmed."""
    if host.compared_at is not None:
        return
    newest = Sender.objects.aggregate(newest=Max("seen_at"))["newest"]
    known_until = newest - DOUBTFUL if newest else None
    if host.born == "first" and (known_until is None or known_until < host.first_seen_at):
        known_until = host.first_seen_at  # what was before is of another database
    found = comparing.compare(journals=journals, host=host, known_until=known_until, now=now)
    host.compared, host.compared_at = found, now
    with transaction.atomic():
        host.save(update_fields=["compared", "compared_at"])
        audit.record(actor=SYSTEM, verb="compare_journals", subject=f"host:{host.pk}", now=now, detail=found)


def _has_journals(journals: Path) -> bool:
    return journals.is_dir() and any(journals.iterdir())

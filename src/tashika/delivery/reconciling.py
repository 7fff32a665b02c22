"""Speak for senders that can't: read the journals of those that died on this host, and give up on those elsewhere.

A row of a dead sender goes back to the queue only where its journal, written in this boot of the machine, proves that
its body was never handed over. Everything else that has no reply is in doubt (G2), and is never sent again by itself.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from tashika.core import sql
from tashika.delivery import journal, states
from tashika.delivery.arming import memory
from tashika.delivery.gate import close_gate
from tashika.delivery.models import Claim, LedgerRow, Sender

log = logging.getLogger("tashika.delivery")

MARGIN = timedelta(seconds=60)  # beyond the permit: time for a restarted sender to bring its journal


class Watch:
    """How long other hosts' senders have been silent, measured on one clock of our own that nobody sets. By a wall clock,
    or by the database's when it is set, a living one would be struck off, and a stop answered without it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[UUID, tuple[datetime, float]] = {}  # its last word, and since when we know it

    def lapsed(self) -> list[UUID]:
        """Senders whose last word we have known for longer than a permit and a margin."""
        now = self._clock()
        live = Sender.objects.filter(ended_at=None).values_list("pk", "seen_at", "permit_until")
        self._seen = {pk: self._since(pk, seen_at, now) for pk, seen_at, _ in live}
        return [pk for pk, seen, until in live if now - self._seen[pk][1] > (until - seen + MARGIN).total_seconds()]

    def _since(self, sender: UUID, seen_at: datetime, now: float) -> tuple[datetime, float]:
        known = self._seen.get(sender)
        return known if known and known[0] == seen_at else (seen_at, now)


def reconcile(*, journals: Path, now: datetime, watch: Watch) -> int:
    """Settle the rows of every sender that is known to be dead; the number of rows. Safe to run at any time, twice."""
    settled = 0
    host = memory.own_host(journals.parent)
    for path in sorted(journals.glob("*.journal")) if journals.is_dir() else []:
        if journal.is_alive(journals, UUID(path.stem)) is False and _is_ours(UUID(path.stem), host):
            settled += _settle(journal.read(journals, UUID(path.stem)), now)
            journal.keep(path)
    for sender in watch.lapsed():
        if journal.is_alive(journals, sender) is None or not _is_ours(sender, host):
            settled += _settle(journal.Testimony(sender, same_boot=False), now)
    return settled


def bury(*, journals: Path, sender: UUID, now: datetime) -> bool:
    """Settle the rows of one sender if it is known to be dead on this host; whether it is."""
    path = journals / f"{sender}.journal"
    if journal.is_alive(journals, sender) is not False or not _is_ours(sender, memory.own_host(journals.parent)):
        return False
    _settle(journal.read(journals, sender), now)
    journal.keep(path)
    return True


def settle_own(testimony: journal.Testimony, *, host: UUID, now: datetime) -> int:
    """Settle what a dead sender of this host has in hand, if it is one; the number of rows."""
    return _settle(testimony, now) if _is_ours(testimony.sender, host) else 0


def settle_lost(*, host: UUID, now: datetime) -> int:
    """Settle what the senders of a host have in hand whose journals nobody will bring: all of it is in doubt."""
    senders = Sender.objects.filter(home_id=host, ended_at=None).values_list("pk", flat=True)
    return sum(_settle(journal.Testimony(sender, same_boot=False), now) for sender in list(senders))


def _is_ours(sender: UUID, host: UUID | None) -> bool:
    """Whether a sender worked on this host: the journal in a copied folder may be of one that lives elsewhere (G13)."""
    homes = Sender.objects.filter(pk=sender, home__isnull=False).values_list("home_id", flat=True)
    return all(home == host for home in homes)


def _settle(testimony: journal.Testimony, now: datetime) -> int:
    with transaction.atomic():
        close_gate()  # its last claim may still be under way; from here on it claims nothing
        sender = Sender.objects.select_for_update().filter(pk=testimony.sender).first()
        claims = Claim.objects.select_for_update().filter(sender_id=testimony.sender, rows__isnull=False)
        held = [row for rows in claims.values_list("rows", flat=True) for row in rows or ()]
        rows = list(
            LedgerRow.objects.select_for_update()
            .filter(pk__in=held, state=states.SENDING, claim__in=claims.values("pk"))
            .values_list("pk", flat=True)
        )
        verdicts = [_verdict(row, testimony) for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(
                sql.load("delivery", "settle"),
                {
                    "now": now,
                    "ids": rows,
                    "states": [state for state, _ in verdicts],
                    "replies": [reply[:500] for _, reply in verdicts],
                },
            )
        claims.update(rows=None)
        if sender is not None and sender.ended_at is None:
            sender.ended_at = now
            sender.save(update_fields=["ended_at"])
    if rows:
        doubts = sum(state == states.IN_DOUBT for state, _ in verdicts)
        log.warning("a sender died", extra={"sender": testimony.sender, "rows": len(rows), "in_doubt": doubts})
    return len(rows)


def _verdict(row: int, testimony: journal.Testimony) -> tuple[str, str]:
    if row in testimony.replied:
        return testimony.replied[row]
    if row in testimony.begun:
        return states.IN_DOUBT, "the sender died after the body was handed over"
    if testimony.same_boot:
        return states.QUEUED, ""
    return states.IN_DOUBT, "the sender is gone and no journal speaks for it"

"""Journals against the ledger: what left although the database has forgotten it (G13).

A hand-over that the ledger knows under the same claim is as it should be. One that it has as queued, or under an older
claim, was forgotten: the row becomes accepted, refused or in doubt, as the journal says. One without a row is kept apart,
so that nobody plans or claims the same mail for the same address again (G1).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tashika.core import sql
from tashika.delivery import journal, reconciling, states
from tashika.delivery.journal import Begun, Testimony
from tashika.delivery.models import SenderHost

SLICE = 5000  # hand-overs in a statement
_SEQUENCES = ("delivery_ledger", "delivery_dispatch", "delivery_claim")


def compare(*, journals: Path, host: SenderHost, known_until: datetime | None, now: datetime) -> dict[str, int]:
    """Compare every journal of this host that was written after `known_until`, a moment up to which the database
    surely knows everything; what was found, counted. No sender of this host may be at work. Safe to run twice."""
    found: Counter[str] = Counter()
    highest = [0, 0, 0]
    for said in journal.all_in(journals, since=known_until):
        found["journals"] += 1
        found["handed_over"] += len(said.begun)
        reconciling.settle_own(said, host=host.pk, now=now)
        for part in _slices(_hand_overs(said)):
            found.update(_compare(part, said, host))
            of_part = [(one.row, one.dispatch, one.claim) for one, _, _ in part]
            highest = [max(pair) for pair in zip(highest, *of_part, strict=True)]
    if any(highest):
        _skip_numbers(highest)
    return dict(found)


def has_forgotten(*, journals: Path, since: datetime) -> bool:
    """Whether the database does not know of the newest bodies that this host has handed over. Cheap enough for each
    registration: the end of each journal, and one row of each."""
    newest = [one for one in journal.newest_claims(journals, since=since) if _is_whole(one)]
    if not newest:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("delivery", "forgotten"),
            {
                "rows": [one.row for one in newest],
                "claims": [one.claim for one in newest],
                "message_ids": [one.message_id for one in newest],
            },
        )
        return bool(cursor.fetchone()[0])


def _hand_overs(said: Testimony) -> Iterator[tuple[Begun, str, str]]:
    for row, begun in said.begun.items():
        if _is_whole(begun):
            state, reply = said.replied.get(row, (states.IN_DOUBT, "handed over before the database was put back"))
            yield begun, state, reply


def _is_whole(begun: Begun) -> bool:
    """Whether a line has all it needs; the last one of a crash may be cut."""
    try:
        UUID(begun.message_id)
        return len(bytes.fromhex(begun.address_hash)) == 32
    except ValueError:
        return False


def _slices(hand_overs: Iterator[tuple[Begun, str, str]]) -> Iterator[list[tuple[Begun, str, str]]]:
    while part := list(islice(hand_overs, SLICE)):
        yield part


def _compare(part: list[tuple[Begun, str, str]], said: Testimony, host: SenderHost) -> dict[str, int]:
    parameters: dict[str, Any] = {
        "rows": [begun.row for begun, _, _ in part],
        "message_ids": [begun.message_id for begun, _, _ in part],
        "dispatches": [begun.dispatch for begun, _, _ in part],
        "reasons": [said.reasons.get(begun.dispatch, "") for begun, _, _ in part],
        "hashes": [bytes.fromhex(begun.address_hash) for begun, _, _ in part],
        "claims": [begun.claim for begun, _, _ in part],
        "states": [state for _, state, _ in part],
        "replies": [reply[:500] for _, _, reply in part],
        "host": host.pk,
        "sender": said.sender,
        "left_by": datetime.fromtimestamp(said.until, tz=UTC),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "compare"), parameters)
        return {str(state): int(number) for state, number in cursor.fetchall() if number}


def _skip_numbers(highest: list[int]) -> None:
    """Numbers that journals know are never given again: rows, dispatches and claims of an earlier life keep theirs."""
    with connection.cursor() as cursor:
        for table, number in zip(_SEQUENCES, highest, strict=True):
            cursor.execute(
                f"SELECT setval('{table}_id_seq', %s) FROM {table}_id_seq WHERE last_value < %s", [number, number]
            )

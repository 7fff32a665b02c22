"""What must hold after a round, whatever happened in it: the ledger against the server's own record."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from bench.chaos.operators import Stop, patiently
from bench.chaos.rounds import Round
from bench.chaos.smtp_server import Transaction
from tashika.people.addresses import address_key

FINAL = ("accepted", "in_doubt", "refused", "excluded")


@dataclass(frozen=True, slots=True)
class Row:
    """A ledger row as the database has it. `claimed` is when its last claim was committed, by the database's clock."""

    id: int
    address: str
    key: str
    state: str
    message_id: str
    claimed: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A round's ledger and the server's record."""

    rows: dict[str, Row]  # by address key
    figures: dict[str, int]  # as the pages show them
    open: int  # rows in the queue or in an open claim
    record: list[Transaction]

    @property
    def by_recipient(self) -> dict[str, list[Transaction]]:
        """The transactions by recipient, in their order; those that ended before RCPT under the empty key."""
        found: dict[str, list[Transaction]] = defaultdict(list)
        for one in sorted(self.record, key=lambda one: one.begun):
            found[address_key(one.recipient) if one.recipient else ""].append(one)
        return found


def look(round_: Round) -> Seen:
    """The ledger first, then the record: what the ledger says must be in the record by then."""
    rows = patiently(lambda: _rows(round_.dispatch))
    figures, open_ = patiently(lambda: _figures(round_.dispatch))
    return Seen({row.key: row for row in rows}, figures, open_, round_.house.smtp.record())


def check(round_: Round, seen: Seen, *, ended: bool) -> list[str]:
    """Every violation, in words."""
    found = [*round_.found]
    found += _never_twice(seen)
    found += _never_guessed(seen)
    for stop, until in round_.stops:
        found += _stopped(stop, until, seen, round_.people)
    found += _nothing_lost(round_, seen, ended)
    found += _opt_out_wins(round_.gone, seen)
    return found


def _never_twice(seen: Seen) -> Iterator[str]:
    """G1, by normalised address; by contact it is the same, for every row names one address."""
    for key, begun in seen.by_recipient.items():
        taken = [one for one in begun if one.taken]
        if len(taken) > 1:
            yield f"G1: {key} got it {len(taken)} times"
        for index, one in enumerate(begun):
            later = begun[index + 1 :]
            if (
                key
                and one.complete
                and not one.said.startswith(("4", "5"))
                and any(other.begun > one.complete for other in later)
            ):
                yield f"G2: {key} was begun again after a body without a no ({one.said or 'no reply'}; {one.trouble})"


def _never_guessed(seen: Seen) -> Iterator[str]:
    """G2: accepted is what the server has; what it has is accepted or in doubt; nothing else has left."""
    begun = seen.by_recipient
    for key, row in seen.rows.items():
        taken = [one for one in begun.get(key, []) if one.taken]
        if row.state == "accepted" and not taken:
            yield f"G2: row {row.id} is accepted, the server does not have it"
        if row.state not in ("accepted", "in_doubt") and taken:
            yield f"G2: row {row.id} is {row.state}, the server has it"
        for one in begun.get(key, []):
            if one.message_id and one.message_id.partition("@")[0] != row.message_id:
                yield f"G6: row {row.id} left as another message, {one.message_id}"
    for key in set(begun) - set(seen.rows) - {""}:
        yield f"G1: {key} is in no row of this dispatch, and a mail was begun for it"


def _stopped(stop: Stop, until: float, seen: Seen, people: int) -> Iterator[str]:
    """G3: after the answer nothing begins, until a person let it go on; the figures are exact."""
    late = [one for one in seen.record if stop.answered < one.begun < until]
    if late:
        yield f"G3: {len(late)} begun after the answer, the first by {late[0].begun - stop.answered:.3f} s"
    figures = dict(stop.figures)
    planned = figures.pop("planned", 0)
    if sum(figures.values()) != planned or planned not in (0, people):
        yield f"G3: the figures of the answer don't add up: {stop.figures}"
    if stop.certain and (figures.get("queued") or figures.get("sending")):
        yield f"G3: certain, and yet something is under way: {stop.figures}"
    taken = sum(one.taken and 0 < one.complete < stop.pressed for one in seen.record)
    known = figures.get("accepted", 0) + figures.get("in_doubt", 0) + figures.get("sending", 0)
    if planned and taken > known:
        yield f"G3: the server had {taken} before the press, the answer knows {known}"
    after = sum(stop.answered < one.complete < until for one in seen.record)
    if after > figures.get("in_doubt", 0) + figures.get("sending", 0):
        yield f"G3: {after} bodies were complete after the answer, which names {figures.get('in_doubt', 0)} in doubt"


def _nothing_lost(round_: Round, seen: Seen, ended: bool) -> Iterator[str]:
    """G4: everybody of the audience has one row, in one final state."""
    states = Counter(row.state for row in seen.rows.values())
    if not ended:
        yield f"G4: the dispatch did not end: {dict(states)}"
    if len(seen.rows) != round_.people:
        yield f"G4: {round_.people} people, {len(seen.rows)} rows"
    if ended and (seen.open or set(states) - set(FINAL)):
        yield f"G4: ended, and yet {seen.open} waiting or in hand; {dict(states)}"
    if {state: number for state, number in seen.figures.items() if number} != dict(states):
        yield f"G4: the figures say {seen.figures}, the rows {dict(states)}"


def _opt_out_wins(gone: dict[str, float], seen: Seen) -> Iterator[str]:
    """G5: no claim after a person was gone leads to a mail. A mail of an earlier claim may still be under way then; a row
    that is judged again and excluded has no claim any more."""
    for address, since in gone.items():
        row = seen.rows.get(address_key(address))
        if row is None or row.claimed is None or row.claimed <= since:
            continue
        if any(one.begun > row.claimed for one in seen.by_recipient.get(row.key, [])):
            yield f"G5: row {row.id} was claimed after the person was gone, and a mail was begun"


def _rows(dispatch: int | None) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.id, l.address, l.address_key, l.state, l.message_id::text, extract(epoch FROM c.at)::float8"
            " FROM delivery_ledger l LEFT JOIN delivery_claim c ON c.id = l.claim WHERE l.dispatch_id = %s",
            [dispatch],
        )
        return [Row(*row) for row in cursor.fetchall()]


def _figures(dispatch: int | None) -> tuple[dict[str, int], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, sum(rows)::int FROM delivery_tally WHERE dispatch_id = %s GROUP BY state", [dispatch]
        )
        figures = dict(cursor.fetchall())
        cursor.execute(
            "SELECT (SELECT count(*) FROM delivery_queue WHERE dispatch_id = %s)"
            " + (SELECT count(*) FROM delivery_claim WHERE dispatch_id = %s AND rows IS NOT NULL)",
            [dispatch, dispatch],
        )
        return figures, int(cursor.fetchone()[0])

"""What has to be true after each step, and at the end. Each broken one is named by its guarantee."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tashika.delivery import states
from tests.delivery.model.smtp_world import Event, Record


class Violation(Exception):
    """A guarantee is broken: `name` says which."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name}: {words}")
        self.name = name


class Row(NamedTuple):
    """A ledger row as it is committed."""

    id: int
    dispatch: int
    contact: int
    address: str
    state: str
    claim: int | None
    apart: bool  # the same mail has left under a row that was forgotten


@dataclass
class State:
    """The committed state after a step."""

    rows: dict[int, Row]
    queue: list[int]
    claims: dict[int, tuple[int, list[int]]]  # claim -> epoch, rows in hand
    dispatches: dict[int, tuple[str, int]]  # dispatch -> state, epoch
    tally: dict[tuple[int, str], int]
    emergency: bool  # everything is stopped

    @classmethod
    def of(cls, found: dict[str, Any]) -> "State":
        return cls(
            rows={row[0]: Row(*row) for row in found["rows"] or []},
            queue=found["queue"],
            claims={claim: (epoch, rows) for claim, epoch, rows in found["claims"]},
            dispatches={one: (state, epoch) for one, state, epoch in found["dispatches"]},
            tally={(dispatch, state): number for dispatch, state, number in found["tally"]},
            emergency=found["emergency"],
        )


@dataclass
class Promises:
    """What was answered to people, and must hold from then on."""

    fenced: dict[int, bool] = field(default_factory=dict)  # dispatch -> whether the answer was certain
    all_fenced: bool = False
    all_certain: bool = False
    least_epoch: dict[int, int] = field(default_factory=dict)  # nothing of an older claim begins any more
    opted_out: dict[int, int] = field(default_factory=dict)  # contact -> step
    claimed_at: dict[int, int] = field(default_factory=dict)  # claim -> step in which it began
    locked: bool = False  # the database has forgotten something, and nobody has armed it since


def check(before: State, after: State, promises: Promises, record: Record) -> None:
    """Raise Violation where a guarantee is broken."""
    _check_moves(before, after)
    _check_books(after)
    _check_truth(after, record, forgotten=promises.locked)
    _check_fences(after, promises)
    for event in record.events:
        _check_begun(event, after, promises)


def check_the_end(state: State, journals: Iterable[str]) -> None:
    """After all faults are over and everything was released: every row is final (G4)."""
    final = {states.ACCEPTED, states.REFUSED, states.IN_DOUBT, states.EXCLUDED}
    for row in state.rows.values():
        if row.state not in final:
            raise Violation("G4", f"row {row.id} is {row.state} for ever")
    for dispatch, (name, _) in state.dispatches.items():
        if name != "finished":
            raise Violation("G4", f"dispatch {dispatch} is {name} for ever")
    if left := list(journals):
        raise Violation("G4", f"nobody has read the journals {left}")


def _check_moves(before: State, after: State) -> None:
    for row in after.rows.values():
        old = before.rows.get(row.id)
        if old and old.state != row.state and (old.state, row.state) not in states.MOVES:
            raise Violation("moves", f"row {row.id} went from {old.state} to {row.state}")
    if missing := set(before.rows) - set(after.rows):
        raise Violation("G4", f"rows {missing} are gone")
    for dispatch, (name, _) in after.dispatches.items():
        old_name = before.dispatches[dispatch][0]
        if old_name != name and (old_name, name) not in states.DISPATCH_MOVES:
            raise Violation("moves", f"dispatch {dispatch} went from {old_name} to {name}")


def _check_books(state: State) -> None:
    """Queue, claims and tally say the same as the ledger."""
    counted = Counter((row.dispatch, row.state) for row in state.rows.values())
    if dict(counted) != state.tally:
        raise Violation("figures", f"counted {dict(counted)}, on record {state.tally}")
    queued = [row.id for row in state.rows.values() if row.state == states.QUEUED]
    if sorted(queued) != state.queue:
        raise Violation("G4", f"queued are {queued}, in the queue {state.queue}")
    held = {(row, claim) for claim, (_, rows) in state.claims.items() for row in rows}
    for row in state.rows.values():
        if row.state == states.SENDING and (row.id, row.claim) not in held:
            raise Violation("G4", f"row {row.id} is sending, and in nobody's hand")


def _check_truth(state: State, record: Record, *, forgotten: bool) -> None:
    """The ledger beside the servers' own record; while it has `forgotten` something, nobody got it twice at least."""
    taken = Counter(record.taken)
    if twice := [one for one, number in taken.items() if number > 1]:
        raise Violation("G1", f"taken twice: {twice}")
    contacts: Counter[tuple[int, int]] = Counter()
    for row in state.rows.values():
        has_it = taken[row.dispatch, row.address] > 0
        contacts[row.dispatch, row.contact] += has_it
        denied = (states.REFUSED,) if row.apart else (states.QUEUED, states.EXCLUDED, states.REFUSED)
        if has_it and not forgotten and row.state in denied:
            raise Violation("G2", f"row {row.id} is {row.state}, and the server has it")
        if not has_it and row.state == states.ACCEPTED:
            raise Violation("G2", f"row {row.id} is accepted, and the server has it not")
    if [one for one, number in contacts.items() if number > 1]:
        raise Violation("G1", "two rows of one contact were taken")


def _check_fences(state: State, promises: Promises) -> None:
    for row in state.rows.values():
        certain = promises.all_certain or promises.fenced.get(row.dispatch, False)
        if certain and row.state == states.SENDING:
            raise Violation("G3", f"the answer was certain, and row {row.id} is in hand")


def _check_begun(event: Event, state: State, promises: Promises) -> None:
    """An envelope or a body that began in this step."""
    if promises.locked:
        raise Violation("G13", f"{event.what} of {event.address} began, and nobody had armed")
    if promises.all_fenced or event.dispatch in promises.fenced:
        raise Violation("G3", f"{event.what} of {event.address} began after the stop's answer")
    rows = [row for row in state.rows.values() if (row.dispatch, row.address) == (event.dispatch, event.address)]
    for row in rows:
        epoch = state.claims[row.claim][0] if row.claim in state.claims else -1
        if row.state != states.SENDING:
            raise Violation("G2", f"{event.what} of row {row.id} began, which is {row.state}")
        if epoch < promises.least_epoch.get(event.dispatch, 0):
            raise Violation("G8", f"{event.what} of row {row.id} began with epoch {epoch}")
        opted_out = promises.opted_out.get(row.contact)
        if opted_out is not None and opted_out < promises.claimed_at.get(row.claim or 0, 0):
            raise Violation("G5", f"contact {row.contact} had opted out before the claim")

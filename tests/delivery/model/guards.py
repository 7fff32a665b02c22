"""What holds the protocol together: each guard, how to take it out, and a walk on which that breaks a guarantee.

A guard of the second line is one that nothing runs into while the first line holds: it is taken out together with the
first, and where the first alone is out, it refuses.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import connection

from tashika.core import sql
from tashika.delivery import ledger, reconciling, states
from tashika.delivery.arming import comparing, deciding, looking
from tashika.delivery.journal import Journal, Testimony
from tashika.delivery.models import SenderHost
from tashika.delivery.permit import Permit
from tashika.delivery.sending import Sender as RealSender
from tashika.delivery.smtp.client import Outcome, Result, Transaction
from tests.delivery.model.database import Admin
from tests.delivery.model.sender import StillLane
from tests.delivery.model.world import Action, World

Out = Callable[[Admin], Any]  # a context in which the guard is out


@dataclass(frozen=True)
class Guard:
    """A guard: what it is, how it is taken out, what then breaks, and the walk that shows it."""

    name: str
    out: Out
    breaks: str  # the guarantee as `Violation` names it
    walk: tuple[Action, ...]


def statement(name: str, part: str, other: str) -> Out:
    """One of the room's SQL files with a part replaced."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        text = sql.load("delivery", name)
        assert part in text, f"{name}.sql has no {part!r} any more"
        usual = sql.load

        def load(room: str, wanted: str) -> str:
            return text.replace(part, other) if (room, wanted) == ("delivery", name) else usual(room, wanted)

        ledger._claim_function.cache_clear()
        ledger._armed_statement.cache_clear()
        with patch("tashika.core.sql.load", load):
            yield
        ledger._claim_function.cache_clear()
        ledger._armed_statement.cache_clear()

    return out


def python(target: object, name: str, other: object) -> Out:
    """A function of the product, replaced."""
    return lambda admin: patch.object(target, name, other)


def database(without: str, again: str) -> Out:
    """Something in the database."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        admin.connection.execute(without)
        try:
            yield
        finally:
            admin.connection.execute(again)

    return out


def together(*outs: Out) -> Out:
    """Several at once."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        with ExitStack() as stack:
            for one in outs:
                stack.enter_context(one(admin))
            yield

    return out


# -- the product without a guard


def _nothing(*values: object, **named: object) -> None:
    """Does nothing."""


def _may_begin_for_ever(self: Permit, dispatch: int, epoch: int) -> bool:
    return not self.closing and not self.all_stopped and epoch >= self._stopped.get(dispatch, 0)


def _hear_only_all(self: Permit, stops: Any) -> None:
    self.all_stopped = self.all_stopped or any(dispatch is None for _, dispatch, _ in stops)


def _hear_all_but_all(self: Permit, stops: Any) -> None:
    for _, dispatch, epoch in stops:
        if dispatch is not None:
            self._stopped[dispatch] = epoch


async def _keep_permit_at_once(self: RealSender) -> None:
    begun = self.permit.clock()
    if not await self.ledger.renew(self.permit.span):
        raise RuntimeError("this sender was struck off the register")
    self.permit.runs_from(begun)
    await self.obey()


def _queued_again(row: int, testimony: Testimony) -> tuple[str, str]:
    return testimony.replied.get(row, (states.QUEUED, ""))


def _queued_without_a_journal(row: int, testimony: Testimony) -> tuple[str, str]:
    if row in testimony.begun and row not in testimony.replied:
        return states.IN_DOUBT, "the sender died after the body was handed over"
    return testimony.replied.get(row, (states.QUEUED, ""))


def _lapsed_by_the_database(self: reconciling.Watch) -> list[UUID]:
    with connection.cursor() as cursor:
        words = "SELECT id FROM delivery_sender WHERE ended_at IS NULL AND permit_until < now() - interval '60 s'"
        cursor.execute(words)
        return [row[0] for row in cursor.fetchall()]


def _forgotten_by_journals(host: SenderHost, journals: Path) -> bool:
    return host.armed_at is not None and comparing.has_forgotten(journals=journals, since=host.first_seen_at)


_usual_concluded = StillLane.concluded


def _lost_replies_are_tried_again(self: StillLane, transaction: Transaction, result: Result) -> None:
    lost = result.outcome is Outcome.IN_DOUBT
    _usual_concluded(self, transaction, Result(Outcome.NOT_LEFT, "lost") if lost else result)


_ANY_STATE = statement(
    "record", "(l.state = 'sending' OR (l.state = 'in_doubt' AND o.state IN ('accepted', 'refused')))", "true"
)
_NO_TRIGGER = database(
    "DROP TRIGGER delivery_ledger_moves ON delivery_ledger", states.guard("delivery_ledger", states.MOVES)
)

# -- walks

ONE_CLAIMS: tuple[Action, ...] = (("start", 0), ("claim", 0, 0, False))
BODY: tuple[Action, ...] = (*ONE_CLAIMS, ("server", 0, 0, "yes"))
STOPPED: tuple[Action, ...] = (("press", 0), ("obey", 0, False), ("look", 0))
CLAIM_UNDER_WAY: tuple[Action, ...] = (("start", 0), ("claim", 0, 0, True), ("go", 0, 0, True), ("kill", 0, True))
LATE_REPLY: tuple[Action, ...] = (
    *BODY,
    ("press", 0),
    ("obey", 0, False),
    ("server", 0, 0, "later"),
    ("record", 0, False),
)
ELSEWHERE: tuple[Action, ...] = (("start", 2), ("claim", 2, 0, False))  # a sender on another host
STRUCK_OFF: tuple[Action, ...] = (("start", 0), ("time", 100), ("reconcile", 0))  # silent for longer than its permit
TAKEN: tuple[Action, ...] = (("server", 0, 0, "yes"), ("server", 0, 0, "yes"))  # an envelope and its body
TAKEN_ELSEWHERE: tuple[Action, ...] = (("claim", 2, 0, False), ("server", 2, 0, "yes"), ("server", 2, 0, "yes"))
PUT_BACK: tuple[Action, ...] = (
    ("start", 0),
    ("back_up", False),
    ("claim", 0, 0, False),
    *TAKEN,
    ("put_back", False),
    ("start", 0),
)

GUARDS = (
    Guard(
        "claim: only from a dispatch that is sending",
        statement("claim", "AND d.state = 'sending'", ""),
        "G3",
        (("start", 0), *STOPPED, ("claim", 0, 0, False)),
    ),
    Guard(
        "claim: nothing during an emergency stop",
        statement("claim", "AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)", ""),
        "G3",
        (("start", 0), ("press_all",), ("obey", 0, False), ("look", 0), ("claim", 0, 0, False)),
    ),
    Guard(
        "claim: only by a sender in the register whose permit runs",
        statement("claim", "AND w.ended_at IS NULL AND w.permit_until > now()", ""),
        "G3",
        (("start", 2), *STRUCK_OFF, ("claim", 2, 0, False), *STOPPED),
    ),
    Guard(
        "claim: each contact judged again",
        statement("claim", "{eligibility}", "''"),
        "G5",
        (("opt_out", 0), *ONE_CLAIMS),
    ),
    Guard(
        "claim: behind the gate",
        statement("claim", "PERFORM pg_advisory_xact_lock_shared({gate});", ""),
        "G4",
        (*CLAIM_UNDER_WAY, ("start", 0), ("orphan", 0)),
    ),
    Guard(
        "speaking for the dead: behind the gate",
        python(reconciling, "close_gate", _nothing),
        "G4",
        (*CLAIM_UNDER_WAY, ("start", 0), ("orphan", 0)),
    ),
    Guard(
        "record: only the claim that has the row in hand",
        statement("record", "AND l.claim = o.claim", ""),
        "G2",
        (
            *ONE_CLAIMS,
            ("claim", 0, 0, False),
            ("server", 0, 0, "yes"),
            *STOPPED,
            ("release", 0),
            ("start", 1),
            ("claim", 1, 0, False),
            ("claim", 1, 0, False),
            ("server", 0, 0, "cut"),
            ("record", 0, False),
        ),
    ),
    Guard("record: a doubt is settled only by a reply that is final", _ANY_STATE, "refused", LATE_REPLY),
    Guard("second line, the trigger from MOVES", together(_ANY_STATE, _NO_TRIGGER), "moves", LATE_REPLY),
    Guard(
        "stop: waits for every sender's answer",
        statement("silent_senders", "seen_stop < %(stop)s", "seen_stop < %(stop)s AND false"),
        "G3",
        (*ONE_CLAIMS, ("press", 0), ("look", 0)),
    ),
    Guard(
        "stop: waits for a silent sender's permit",
        statement("silent_senders", "extract(epoch FROM permit_until - seen_at)::float8", "-10.0::float8"),
        "G3",
        (*ONE_CLAIMS, ("press", 0), ("look", 0), ("server", 0, 0, "yes")),
    ),
    Guard(
        "stop: measures that on a clock that nobody sets",
        statement("silent_senders", "permit_until - seen_at", "permit_until - now() - interval '10 s'"),
        "G3",
        (*ONE_CLAIMS, ("press", 0), ("set_database_clock", 3600), ("look", 0), ("server", 0, 0, "yes")),
    ),
    Guard(
        "stop: raises the epoch",
        database(
            "CREATE FUNCTION model.keep_epoch() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.epoch = OLD.epoch; RETURN NEW; END';"
            "CREATE TRIGGER keep_epoch BEFORE UPDATE ON delivery_dispatch FOR EACH ROW"
            " EXECUTE FUNCTION model.keep_epoch()",
            "DROP TRIGGER keep_epoch ON delivery_dispatch; DROP FUNCTION model.keep_epoch()",
        ),
        "G3",
        (*ONE_CLAIMS, *STOPPED),
    ),
    Guard(
        "permit: runs out",
        python(Permit, "may_begin", _may_begin_for_ever),
        "G3",
        (*ONE_CLAIMS, ("press", 0), ("time", 20), ("look", 0), ("server", 0, 0, "yes")),
    ),
    Guard(
        "permit: the epoch of what was stopped", python(Permit, "hear", _hear_only_all), "G3", (*ONE_CLAIMS, *STOPPED)
    ),
    Guard(
        "permit: the stop of all",
        python(Permit, "hear", _hear_all_but_all),
        "G3",
        (*ONE_CLAIMS, ("press_all",), ("obey", 0, False), ("look", 0)),
    ),
    Guard(
        "permit: renewed only once stops were heard",
        python(RealSender, "keep_permit", _keep_permit_at_once),
        "G3",
        (
            *ONE_CLAIMS,
            ("press", 0),
            ("time", 20),
            ("look", 0),
            ("keep", 0, True),
            ("go", 0, 0, True),
            ("server", 0, 0, "yes"),
        ),
    ),
    Guard(
        "register: a sender that was struck off renews nothing",
        statement("renew", "AND s.ended_at IS NULL", ""),
        "G2",
        (*ELSEWHERE, *STRUCK_OFF, ("keep", 2, False), ("server", 2, 0, "yes")),
    ),
    Guard(
        "register: answered is only what was pressed before",
        statement("register", "coalesce((SELECT max(id) FROM delivery_stop), 0)", "1000000"),
        "G3",
        (*ONE_CLAIMS, ("press", 0), ("look", 0)),
    ),
    Guard(
        "journal: a body without a reply is a doubt",
        python(reconciling, "_verdict", _queued_again),
        "G2",
        (*BODY, ("kill", 0, False), ("fate", 0, True), ("start", 0)),
    ),
    Guard(
        "journal: written before the body",
        python(Journal, "body_begins", _nothing),
        "G2",
        (*BODY, ("kill", 0, False), ("fate", 0, True), ("start", 0)),
    ),
    Guard(
        "journal: none means doubt",
        python(reconciling, "_verdict", _queued_without_a_journal),
        "G2",
        (*ELSEWHERE, ("server", 2, 0, "yes"), ("server", 2, 0, "yes"), *STRUCK_OFF),
    ),
    Guard(
        "journal: proves nothing after a crash of the machine",
        python(World, "boot", lambda self: "same"),
        "G2",
        (*BODY, ("reboot", "a"), ("fate", 0, True), ("start", 0)),
    ),
    Guard(
        "journal: its lock tells the living from the dead",
        python(reconciling.journal, "is_alive", lambda *_: False),
        "G2",
        (*ONE_CLAIMS, ("start", 1), ("server", 0, 0, "yes")),
    ),
    Guard(
        "lapsed: measured on a clock that nobody sets",
        python(reconciling.Watch, "lapsed", _lapsed_by_the_database),
        "G2",
        (*ELSEWHERE, ("set_database_clock", 3600), ("start", 0), ("server", 2, 0, "yes")),
    ),
    Guard(
        "a lost reply is a doubt",
        python(StillLane, "concluded", _lost_replies_are_tried_again),
        "G2",
        (*BODY, ("server", 0, 0, "cut_taken"), ("record", 0, False)),
    ),
    Guard(
        "finish: nothing in hand",
        statement(
            "finish",
            "AND NOT EXISTS (SELECT FROM delivery_claim c WHERE c.dispatch_id = d.id AND c.rows IS NOT NULL)",
            "",
        ),
        "G4",
        (*ONE_CLAIMS, ("claim", 0, 0, False), ("server", 0, 0, "later"), ("finish", 0), ("record", 0, False)),
    ),
    Guard(
        "finish: nothing queued",
        statement("finish", "AND NOT EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id)", ""),
        "G4",
        (("start", 0), ("finish", 0)),
    ),
    Guard(
        "tally: every move counted by the database",
        database(
            "ALTER TABLE delivery_ledger DISABLE TRIGGER delivery_ledger_count_moves",
            "ALTER TABLE delivery_ledger ENABLE TRIGGER delivery_ledger_count_moves",
        ),
        "figures",
        ONE_CLAIMS,
    ),
    Guard(
        "arming: a host says that the database went back",
        python(looking, "_went_back", lambda *_: False),
        "G13",
        (*PUT_BACK, ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "arming: the newest claim of each journal is known",
        python(comparing, "has_forgotten", lambda **_: False),
        "G13",
        (("start", 0), ("back_up", True), ("claim", 0, 0, False), *TAKEN, ("put_back", False), *ONE_CLAIMS),
    ),
    Guard(
        "arming: the count on disk is not above the database's",
        together(
            python(looking, "_went_back", _forgotten_by_journals),
            statement("armed", "h.counter >= %(remembered)s", "true"),
        ),
        "G13",
        (
            ("start", 0),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("time", 100),
            ("put_back", False),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "permit: the count again, in the statement that gives it",
        statement("armed", "h.counter >= %(remembered)s", "true"),
        "G13",
        (
            ("start", 0),
            ("back_up", False),
            ("claim", 0, 0, False),
            *TAKEN,
            ("kill", 0, False),
            ("ask", 0),
            ("put_back", False),
            ("time", 20),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "permit: only where the database is armed",
        statement("armed", "AND a.unarmed_since IS NULL", ""),
        "G13",
        (("ask", 2), *PUT_BACK, ("time", 20), ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "permit: only in the place that was armed",
        statement("armed", "AND a.place = delivery_place()", ""),
        "G13",
        (
            ("start", 0),
            ("ask", 1),
            ("back_up", False),
            ("put_back", True),
            ("time", 20),
            ("start", 1),
            ("claim", 1, 0, False),
        ),
    ),
    Guard(
        "permit: only on a host that is armed",
        statement("armed", "AND h.armed_at IS NOT NULL", ""),
        "G13",
        (("ask", 2), *PUT_BACK, ("time", 20), ("arm", "b"), ("start", 2), ("claim", 2, 0, False)),
    ),
    Guard(
        "permit: all who were at work look before one begins",
        statement("armed", "o.armed_at IS NOT NULL", "false"),
        "G13",
        (("start", 0), ("start", 2), ("back_up", True), *TAKEN_ELSEWHERE, ("put_back", False), *ONE_CLAIMS),
    ),
    Guard(
        "permit: who was away waits for who worked after it",
        statement("awaited", "interval '3 seconds'", "interval '1 day'"),
        "G13",
        (
            ("start", 0),
            ("kill", 0, False),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("time", 100),
            ("put_back", False),
            *ONE_CLAIMS,
        ),
    ),
    Guard(
        "arming: what journals say is put on record",
        statement("compare", "(l.state = 'queued' AND (l.claim IS NULL OR l.claim < t.claim))", "false"),
        "G2",
        (*PUT_BACK, ("start", 2), ("arm", "")),
    ),
    Guard(
        "arming: refused until every host has compared",
        python(deciding, "_refuse_without_answers", _nothing),
        "G2",
        (
            ("start", 0),
            ("start", 2),
            ("back_up", False),
            *TAKEN_ELSEWHERE,
            ("put_back", False),
            ("start", 0),
            ("arm", ""),
        ),
    ),
    Guard(
        "claim: not what left without a row",
        statement("claim", "u.state IN ('accepted', 'in_doubt')", "false"),
        "G1",
        (
            ("start", 0),
            ("back_up", False),
            ("plan", 1),
            ("claim", 0, 1, False),
            *TAKEN,
            ("put_back", False),
            ("plan", 1),
            ("start", 0),
            ("arm", ""),
            ("start", 0),
            ("claim", 0, 1, False),
            *TAKEN,
        ),
    ),
)

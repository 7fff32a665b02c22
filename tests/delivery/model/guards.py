"""What holds the protocol together: each guard, how to take it out, and a walk on which that breaks a guarantee.

A guard of the second line is one that nothing runs into while the first line holds: it is taken out together with the
first, and where the first alone is out, it refuses.
"""

from typing import Any
from uuid import UUID

from django.db import connection

from tashika.delivery import reconciling, states
from tashika.delivery.journal import Journal, Testimony
from tashika.delivery.permit import Permit
from tashika.delivery.sending import Sender as RealSender
from tashika.delivery.smtp.client import Outcome, Result, Transaction
from tests.delivery.model import guards_of_arming
from tests.delivery.model.sender import StillLane
from tests.delivery.model.taking_out import ONE_CLAIMS, Guard, database, nothing, python, statement, together
from tests.delivery.model.world import Action, World

# -- the product without a guard


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
        python(reconciling, "close_gate", nothing),
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
        python(Journal, "body_begins", nothing),
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
    *guards_of_arming.GUARDS,
)

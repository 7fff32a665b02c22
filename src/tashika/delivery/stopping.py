"""Stop a dispatch, or everything, and answer only when it is true (G3).

    forewarn  senders hold what is about to be stopped while the press is put on record: the hand goes up first
    press     one transaction behind the gate: epoch up, state stopped, the stop on record; senders are told
    answers   every live sender says that nothing of it is under way; one that died on this host is spoken for by its
              journal; one that stays silent is waited for until its permit has run out, and named
    figures   counted after the last answer: accepted + in doubt + refused + excluded + stopped = planned

Anybody who sees a dispatch may stop it (G14). No stop ever expires.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, clock, config, sql
from tashika.core.actors import Actor
from tashika.delivery import queries, reconciling
from tashika.delivery.gate import close_gate
from tashika.delivery.models import Dispatch, EmergencyStop, Stop

POLL = 0.005  # seconds
BURY_AFTER = 0.3  # seconds without an answer until we look whether a sender of this host is dead
MARGIN = 2.0  # seconds beyond a silent sender's permit


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """What a stop did. `certain` is False where a sender stayed silent: `silent` names it, and its permit has run out."""

    stop_id: int
    pressed_at: datetime
    answered_at: datetime
    certain: bool
    silent: list[str]
    last_begun_at: datetime | None
    figures: dict[str, int] = field(default_factory=dict)


def stop_dispatch(*, dispatch_id: int, by: Actor, now: datetime, reason: str = "") -> StopAnswer:
    """Stop a dispatch and wait for every sender's answer. Stopping again answers again with the same figures."""
    forewarn(dispatch_id)
    with transaction.atomic():
        stop = press(dispatch_id=dispatch_id, by=by, now=now, reason=reason)
    return await_answers(stop)


def forewarn(dispatch_id: int | None) -> None:
    """Tell senders that a stop of a dispatch (None: of all) is about to be pressed. They hold it for a moment; only a
    press on record stops it. It is one message to the database, where the press waits for its turn and for the disk.
    Nothing depends on it; inside a transaction, where it would only be told at the end, nothing is told."""
    if not connection.in_atomic_block:
        what = int(dispatch_id) if dispatch_id else "all"
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; SET LOCAL synchronous_commit = off; NOTIFY tashika_forewarn, '{what}'; COMMIT")


def press(*, dispatch_id: int, by: Actor, now: datetime, reason: str) -> Stop:
    """The press alone, in the caller's transaction, for whoever has more to commit with it. Once that is committed,
    `await_answers` says when it is true."""
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch_id)
        close_gate()  # only once the row is ours: other dispatches' claims wait for nothing but this commit
        if dispatch.state in (Dispatch.State.SENDING, Dispatch.State.PLANNING):
            dispatch.state = Dispatch.State.STOPPED
            dispatch.epoch += 1
            dispatch.save(update_fields=["state", "epoch"])
        stop = _press(dispatch=dispatch, by=by, now=now, reason=reason)
        audit.record(actor=by, verb="stop", subject=str(dispatch), now=now, detail={"reason": reason, "stop": stop.pk})
    return stop


def emergency_stop(*, by: User | Actor, reason: str, now: datetime) -> StopAnswer:
    """緊急停止: stop all sending of the organisation until a person releases it. Doing it again changes nothing."""
    actor = actor_of(by) if isinstance(by, User) else by
    forewarn(None)
    with transaction.atomic():
        stop = press_all(actor, by=by if isinstance(by, User) else None, reason=reason, now=now)
    return await_answers(stop)


def press_all(actor: Actor, *, by: User | None, reason: str, now: datetime) -> Stop:
    """The press of the emergency stop alone, in the caller's transaction."""
    close_gate()
    if current_emergency_stop() is None:
        EmergencyStop.objects.create(stopped_at=now, stopped_by=by, reason=reason[:300])
    stop = _press(dispatch=None, by=actor, now=now, reason=reason)
    audit.record(actor=actor, verb="emergency_stop", subject="all", now=now, detail={"reason": reason})
    return stop


def release_emergency_stop(*, by: User, now: datetime) -> None:
    """Let sending go on. Only a publisher may (G14)."""
    require(by.role, "release")
    with transaction.atomic():
        changed = EmergencyStop.objects.filter(released_at=None).update(released_at=now, released_by=by)
        if changed:
            audit.record(actor=actor_of(by), verb="release_emergency_stop", subject="all", now=now)
            _tell("tashika_stop", "released")
            _tell("tashika_work", "released")


def current_emergency_stop() -> EmergencyStop | None:
    """The emergency stop that is on, if one is."""
    return EmergencyStop.objects.filter(released_at=None).select_related("stopped_by").first()


def _press(*, dispatch: Dispatch | None, by: Actor, now: datetime, reason: str) -> Stop:
    stop = Stop.objects.create(dispatch=dispatch, pressed_at=now, pressed_by=by.label[:200], reason=reason[:300])
    _tell("tashika_stop", str(stop.pk))
    return stop


def _tell(channel: str, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, words])


def await_answers(stop: Stop) -> StopAnswer:
    """Wait until nothing of what was stopped can begin any more. Never inside a transaction: senders must see the press."""
    started = time.monotonic()
    while (answer := answer_if_true(stop, waited=time.monotonic() - started)) is None:
        time.sleep(POLL)
    return answer


def answer_if_true(stop: Stop, *, waited: float) -> StopAnswer | None:
    """The answer, if nothing of what was stopped can begin any more; `waited` seconds have passed since the press, on a
    clock that nobody sets: by then every permit that was granted before it has run out, whatever the database's clock says."""
    waiting = _silent(stop)
    if waited > BURY_AFTER:
        journals = config.data_folder() / "journals"
        for one in waiting:
            reconciling.bury(journals=journals, sender=one.id, now=clock.now())
    if all(waited > one.span + MARGIN for one in waiting):
        return _answer(stop, [f"{one.host} (pid {one.pid})" for one in waiting])
    return None


@dataclass(frozen=True, slots=True)
class _Silent:
    id: UUID
    host: str
    pid: int
    span: float  # seconds that a permit of it runs


def _silent(stop: Stop) -> list[_Silent]:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "silent_senders"), {"stop": stop.pk})
        return [_Silent(*row) for row in cursor.fetchall()]


def _answer(stop: Stop, silent: list[str]) -> StopAnswer:
    figures = queries.figures(stop.dispatch_id) if stop.dispatch_id else None
    stop.answered_at = clock.now()
    if figures:
        stop.last_begun_at = figures.last_begun_at
        stop.figures = figures.by_state()
    stop.save(update_fields=["answered_at", "last_begun_at", "figures"])
    return StopAnswer(
        stop_id=int(stop.pk),
        pressed_at=stop.pressed_at,
        answered_at=stop.answered_at,
        certain=not silent,
        silent=silent,
        last_begun_at=stop.last_begun_at,
        figures=stop.figures,
    )

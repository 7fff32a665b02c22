"""Publishing again: what becomes of those whose time passed while it was unpublished (G8).

skip   what fell due is left out: they go on to the next wait or decision without it
shift  everybody's times move by as long as it was unpublished
now    what fell due is done at once
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.contents.models import Content
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import releasing
from tashika.delivery.models import Dispatch, Queued
from tashika.scenarios.flow import nodes, reading, stepping, stopping
from tashika.scenarios.flow.nodes import Flow
from tashika.scenarios.flow.running import Running
from tashika.scenarios.models import Enrolment, Publication
from tashika.scenarios.webhooks import stopping as webhooks
from tashika.scenarios.webhooks.models import Webhook

CHOICES = ("skip", "shift", "now")


class UnableToResume(TashikaError):
    """It has to be said what becomes of those who are in it; `where` is choice or moves."""

    code = "unable_to_resume"
    status = 422


@dataclass(frozen=True, slots=True)
class Situation:
    """What publishing again has to decide upon: people whose time has passed, those who still wait, mails and webhooks
    that were stopped in the queue, and people at nodes that are no more."""

    overdue: int = 0
    waiting: int = 0
    stopped_mails: int = 0
    stopped_webhooks: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.overdue or self.waiting or self.stopped_mails or self.stopped_webhooks)


def situation(scenario: Content, *, now: datetime) -> Situation:
    """As it would be if the draft were published now. Raises UnableToReadFlow."""
    last = Publication.objects.filter(scenario=scenario).order_by("-id").first()
    if last is None or last.state != Publication.State.UNPUBLISHED:
        return Situation()
    flow = reading.of(scenario.draft)
    with transaction.atomic():
        found = _situation(Running(last, flow, {}), now)
        transaction.set_rollback(True)  # who has decided meanwhile was only looked at
    return found


def resume(
    flow: Running,
    last: Publication,
    *,
    choice: str | None,
    moves: Mapping[str, str | None],
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Let everybody go on under a new publication, in the caller's transaction; what was done, for the record. Raises
    UnableToResume."""
    found = _situation(flow, now)
    if found.asks and choice not in CHOICES:
        raise UnableToResume(
            t(
                "{n}人の予定が過ぎています。どうするか選んでください。",
                "The time of {n} people has passed. Choose what to do.",
                n=found.overdue,
            ),
            where="choice",
        )
    if choice == "skip":
        _due(flow, now).update(skipping=True)
    elif choice == "shift":
        _shift(flow, last, now)
    _relocate(flow, found, moves, now)
    _release(flow, skip=choice == "skip", by=by, now=now)
    for one in stopping.webhooks_of(last):
        if choice == "skip":
            webhooks.skip(publication_id=one, by=by, now=now)
        webhooks.release(publication_id=one, by=by, now=now)
    return {
        "choice": choice,
        "overdue": found.overdue,
        "waiting": found.waiting,
        "stopped_mails": found.stopped_mails,
        "stopped_webhooks": found.stopped_webhooks,
        "moves": dict(moves),
    }


def _situation(flow: Running, now: datetime) -> Situation:
    for node in flow.flow.nodes.values():
        if node.kind == nodes.DECISION:
            stepping.look_back(flow, node, now=now)
    walking = Enrolment.objects.filter(scenario_id=flow.scenario, state=Enrolment.State.WALKING)
    overdue = walking.filter(due_at__lte=now).count()
    mails, calls = _stopped_mails(flow.scenario), _stopped_webhooks(flow)
    return Situation(overdue, walking.count() - overdue, mails, calls, _lost(flow.scenario, flow.flow))


def _due(flow: Running, now: datetime) -> Any:
    return Enrolment.objects.filter(scenario_id=flow.scenario, state=Enrolment.State.WALKING, due_at__lte=now)


def _shift(flow: Running, last: Publication, now: datetime) -> None:
    assert last.unpublished_at is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scenarios_enrolment SET due_at = due_at + make_interval(secs => %s)"
            " WHERE scenario_id = %s AND state = 'walking' AND due_at > %s AND verdict = ''",
            [(now - last.unpublished_at).total_seconds(), flow.scenario, last.unpublished_at],
        )


def _lost(scenario: int, flow: Flow) -> dict[str, int]:
    """People by node, at nodes that the flow does not have any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT node, count(*) FROM scenarios_enrolment WHERE scenario_id = %s AND state = 'walking'"
            " AND node <> ALL (%s) GROUP BY node ORDER BY node",
            [scenario, list(flow.nodes)],
        )
        return dict(cursor.fetchall())


def _relocate(flow: Running, found: Situation, moves: Mapping[str, str | None], now: datetime) -> None:
    for name, people in found.lost.items():
        target = moves.get(name)
        if name not in moves or (target is not None and target not in flow.flow.nodes):
            raise UnableToResume(
                t(
                    "なくなった要素 {node} に{n}人がいます。行き先を選んでください。",
                    "{n} people stand at {node}, which is no more. Choose where they go.",
                    node=name,
                    n=people,
                ),
                where="moves",
            )
        there = Enrolment.objects.filter(scenario_id=flow.scenario, state=Enrolment.State.WALKING, node=name)
        if target is None:
            there.update(state=Enrolment.State.LEFT, why="node_gone")
        else:
            due = stepping.due_at(flow.flow.nodes[target], now)
            there.update(node=target, arrived_at=now, due_at=due, verdict="", skipping=False)


def _stopped(scenario: int) -> list[int]:
    return stopping.dispatches_of(scenario, Dispatch.State.STOPPED)


def _stopped_mails(scenario: int) -> int:
    return Queued.objects.filter(dispatch_id__in=_stopped(scenario)).count()


def _stopped_webhooks(flow: Running) -> int:
    fenced = stopping.webhooks_of(flow.publication)
    return Webhook.objects.filter(publication_id__in=fenced, state=Webhook.State.QUEUED).count()


def _release(flow: Running, *, skip: bool, by: Actor, now: datetime) -> None:
    for dispatch in _stopped(flow.scenario):
        if skip:
            releasing.skip(dispatch_id=dispatch, by=by, now=now)
        releasing.release(dispatch_id=dispatch, by=by, now=now)

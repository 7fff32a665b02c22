"""Who goes on: a set of people of one node at a time, each set one transaction. What a step does and that it was done are
one commit, so that a killed worker leaves neither a step undone nor one done twice."""

import logging
import time
from datetime import datetime

from django.db import DatabaseError, OperationalError, connection, transaction

from tashika.audiences import matching
from tashika.audiences.rules import Compiled
from tashika.core import sql
from tashika.core.errors import TashikaError
from tashika.scenarios.flow import acting, entering, nodes, running, timing, watching
from tashika.scenarios.flow.batch import Batch, Walker
from tashika.scenarios.flow.nodes import Node
from tashika.scenarios.flow.running import Running
from tashika.scenarios.models import Enrolment

SET = 5_000  # people of one node in one transaction: some hundred milliseconds, which an unpublishing waits at most
TURN = 4.0  # seconds that a worker goes on before it asks anew what there is
RESTS = (nodes.WAIT, nodes.DECISION)

State = Enrolment.State
log = logging.getLogger("tashika.scenarios")


def advance(*, now: datetime) -> int:
    """Everything that is due in all running flows, a set of each in turn, so that a large one does not keep a small one
    waiting; how many steps. May run on several workers at once."""
    ends, steps = time.monotonic() + TURN, 0
    for pk in running.all_running():
        entering.look(pk, now=now)
    due = running.all_running()
    while due and time.monotonic() < ends:
        done = {pk: _turn(pk, now) for pk in due}
        steps += sum(walked for walked, _ in done.values())
        due = [pk for pk in running.all_running() if any(done.get(pk, (1, 1)))]
    return steps


def _turn(publication_id: int, now: datetime) -> tuple[int, int]:
    """One set of one flow, at the node furthest on where somebody is due: who has begun comes through before others begin.
    How many steps, and how many signals were heard before."""
    heard = entering.hear(publication_id, now=now)
    with transaction.atomic():
        flow = running.locked(publication_id)
        node = _furthest_due(flow, now) if flow else None
    return (step(publication_id, node, now=now) if node else 0), heard


def _furthest_due(flow: Running, now: datetime) -> str | None:
    names = list(flow.flow.nodes)[::-1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM unnest(%s::varchar[]) WITH ORDINALITY AS one (n, place) WHERE EXISTS (SELECT FROM"
            " scenarios_enrolment e WHERE e.scenario_id = %s AND e.node = n AND e.state = 'walking' AND e.due_at <= %s)"
            " ORDER BY place LIMIT 1",
            [names, flow.scenario, now],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def step(publication_id: int, node_id: str, *, now: datetime, most: int = SET) -> int:
    """One set of people who are due at a node: its work is done and they go on; how many. What can't be done for a set is
    tried for smaller ones, until those for whom it can't are known: they stay here as failed, with the reason."""
    try:
        with transaction.atomic():
            batch = _taken(publication_id, node_id, now, most)
            if batch is None:
                return 0
            for branch, outcome, walkers in acting.act(batch):
                move(batch, walkers, branch=branch, outcome=outcome)
            return batch.gone
    except OperationalError:  # a deadlock, a lost connection: nothing was done, and it says nothing of these people
        log.warning("a step was interrupted", extra={"publication": publication_id, "node": node_id})
        return 0
    except (TashikaError, DatabaseError) as error:
        log.warning(
            "a step can't be done: %s", type(error).__name__, extra={"publication": publication_id, "node": node_id}
        )
        if most > 1:
            return sum(step(publication_id, node_id, now=now, most=max(1, most // 8)) for _ in range(8))
        return _fail_one(publication_id, node_id, now, getattr(error, "code", type(error).__name__))


def _fail_one(publication_id: int, node_id: str, now: datetime, why: str) -> int:
    with transaction.atomic():
        batch = _taken(publication_id, node_id, now, 1)
        if batch is not None:
            fail(batch, batch.walkers, why[:40])
    return 1


def _taken(publication_id: int, node_id: str, now: datetime, most: int) -> Batch | None:
    """The next set at a node, without those who leave before its work is done; None where nobody is due."""
    flow = running.locked(publication_id)
    node = flow.flow.nodes.get(node_id) if flow else None
    if flow is None or node is None:
        return None
    batch = Batch(flow, node, now, _take(flow, node, now, most))
    if not batch.walkers:
        return None
    _let_leave(batch)
    return batch


def _take(flow: Running, node: Node, now: datetime, most: int) -> list[Walker]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, contact_id, round, verdict, skipping FROM scenarios_enrolment WHERE scenario_id = %s"
            " AND node = %s AND state = 'walking' AND due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
            [flow.scenario, node.id, now, most],
        )
        return [Walker(*row) for row in cursor.fetchall()]


def _let_leave(batch: Batch) -> None:
    """Those who are gone, have reached the goal, or meet an exit leave before anything is done for them."""
    there = batch.meeting(Compiled("true"))
    _part(batch, "deleted", {one for one in batch.contacts if one not in there})
    for why, rule in (("goal", batch.flow.flow.goal), ("exit", batch.flow.flow.exit)):
        if rule and batch.walkers:
            _part(batch, why, batch.meeting(matching.condition(rule)))


def _part(batch: Batch, why: str, contacts: set[int]) -> None:
    """These leave; the others stay in the set."""
    leave(batch, [one for one in batch.walkers if one.contact in contacts], why)
    batch.walkers = [one for one in batch.walkers if one.contact not in contacts]


def move(batch: Batch, walkers: list[Walker], *, branch: str, outcome: str) -> None:
    """Leave the node by a branch: on to what follows it, or done where nothing does."""
    if not walkers:
        return
    following = batch.flow.flow.nodes.get(batch.node.next.get(branch, ""))
    if following is None:
        _write(batch, walkers, branch=branch, outcome=outcome, to=batch.node, state=State.DONE)
        return
    _write(batch, walkers, branch=branch, outcome=outcome, to=following, state=State.WALKING)
    if following.kind == nodes.DECISION:
        look_back(batch.flow, following, now=batch.now, ids=[one.id for one in walkers])


def leave(batch: Batch, walkers: list[Walker], why: str) -> None:
    """Leave the flow at this node."""
    _write(batch, walkers, branch="", outcome="left", to=batch.node, state=State.LEFT, why=why)


def fail(batch: Batch, walkers: list[Walker], why: str) -> None:
    """The step can't be done for these people: they stay here, as failed, with the reason."""
    _write(batch, walkers, branch="", outcome="failed", to=batch.node, state=State.FAILED, why=why)


def look_back(flow: Running, node: Node, *, now: datetime, ids: list[int] | None = None) -> int:
    """Take the decision of those who have done already what it asks for; how many. All at the node, without `ids`."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("scenarios", "decided"),
            {
                "scenario": flow.scenario,
                "node": node.id,
                "ids": ids,
                "now": now,
                "kind": node["did"],
                "subject": watching.subject_of(str(node["of"])),
            },
        )
        return int(cursor.rowcount)


def _write(
    batch: Batch, walkers: list[Walker], *, branch: str, outcome: str, to: Node, state: str, why: str = ""
) -> None:
    if not walkers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("scenarios", "move"),
            {
                "ids": [one.id for one in walkers],
                "scenario": batch.flow.scenario,
                "publication": batch.flow.publication.pk,
                "node": batch.node.id,
                "branch": branch,
                "outcome": outcome,
                "to": to.id,
                "state": state,
                "why": why,
                "now": batch.now,
                "due": due_at(to, batch.now) if state == State.WALKING else batch.now,
                "rests": to.kind in RESTS,
            },
        )


def due_at(node: Node, arrived: datetime) -> datetime:
    """When the work of a node is to be done for those who arrive now."""
    if node.kind == nodes.WAIT:
        return timing.wait_ends(node["wait"], node["window"], arrived)
    if node.kind == nodes.DECISION:
        return timing.after(node["within"], arrived)
    return arrived

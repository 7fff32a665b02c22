"""Very many people in one scenario, and a few in another beside it.

./tashika bench flows [--quick] [--json] [--people N]      (N people; a million by default)

enter      people entering at once, one statement
stages     people a second at each node of a flow of eight
disk       bytes a person of the whole way, without the mail's ledger row, and with it
delay      how long ten people of a second scenario wait for its steps, by a real worker, while the large one walks
unpublish  in the middle of it: the answer, and that no step, tag or mail happens after it
again      publishing it again in each of the three ways: the counts that it had said, and what came of them
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation, scenery

TABLES = ("scenarios_enrolment", "scenarios_visit", "scenarios_node_tally")
SECOND = 10  # people of the second scenario
TRIES = 8  # times that these are let in


def run(people: int) -> dict[str, Any]:
    """All of it; the figures."""
    installation.prepare()
    scenery.people(people)
    scenery.relay(9, 1)  # nobody answers there: nothing is sent
    by = _publisher()
    figures: dict[str, Any] = {"bench": "flows", "people": people}
    figures |= _stages(people, by)
    figures |= _beside(people, by)
    figures["peak_memory_mb"] = round(_memory(os.getpid()))
    return figures


# -- the large one, node by node


def _stages(people: int, by: Any) -> dict[str, Any]:
    from tashika.contents import drafting
    from tashika.core import clock
    from tashika.scenarios.flow import entering, running, stepping

    now = clock.now()
    mail = drafting.create(kind="mail", name="bench", draft=scenery.SHORT_MAIL, by=None, now=now).public_id
    everybody = _everybody(now)
    publication = _publish(
        [
            _node("n1", "entry", "n2", on="segment_at", segment=everybody, at=None),
            _node("n2", "tag", "n3", add=["資料請求"]),
            _node("n3", "wait", "n4", wait={"business_days": 3}),
            _node("n4", "condition", {"yes": "n5", "no": "n5"}, rule=_rule("department", "営業部")),
            _node("n5", "mail", "n6", mail=mail),
            _node("n6", "decision", {"yes": "n7", "no": "n8"}, did="opened", of=mail, within={"days": 5}),
            _node("n7", "score", "n8", add=10),
            _node("n8", "field", field="note", value="フォローずみ"),
        ],
        by,
        now,
    )
    before = _size(TABLES)
    seconds, entered = _timed(lambda: entering.look(publication.pk, now=now))
    assert entered == people, entered
    found: dict[str, float] = {"enter": people / seconds}
    scenery.say(f"{people:,} entered in {seconds:.1f} s")
    with_mail = 0
    for node in running.of(publication).flow.nodes.values():
        now += timedelta(days=14)  # all waits are over
        if node.id == "n6":
            _open(people // 4, int(mail[2:]), publication.published_at)
            now_looked = stepping.look_back(running.of(publication), node, now=now)
            assert now_looked == people // 4, now_looked
        spent, walked = 0.0, 0
        while True:
            took, steps = _timed(lambda at=now, name=node.id: stepping.step(publication.pk, name, now=at))
            if not steps:
                break
            spent, walked = spent + took, walked + steps
        found[f"{node.id} {node.kind}"] = walked / spent
        scenery.say(f"{node.id} {node.kind}: {walked:,} people, {walked / spent:,.0f}/s")
    with_mail = _size(("delivery_ledger", "delivery_queue"))
    rows = _one("SELECT count(*) FROM scenarios_visit")
    return {
        "people_per_second": {name: round(rate) for name, rate in found.items()},
        "rows_per_person": round((rows + people) / people, 2),
        "bytes_per_person": round((_size(TABLES) - before) / people),
        "bytes_per_person_of_the_ledger": round(with_mail / people),
    }


# -- a second one beside it, and unpublishing in the middle


def _beside(people: int, by: Any) -> dict[str, Any]:
    from tashika.core import clock

    everybody = _everybody(clock.now())
    small = _publish(
        [_node("n1", "entry", "n2", on="api"), _node("n2", "tag", "n3", add=["小さい"]), _node("n3", "score", add=1)],
        by,
    )
    worker = subprocess.Popen([sys.executable, "-m", "tashika.cli", "worker"], env=dict(os.environ))
    try:
        large = _publish(
            [
                _node("n1", "entry", "n2", on="segment_at", segment=everybody, at=None),
                *(_node(f"n{index}", "tag", f"n{index + 1}", add=[f"段階{index}"]) for index in range(2, 8)),
                _node("n8", "score", add=1),
            ],
            by,
        )
        delays = _delays(small, large)
        stopped = _stop_and_go_on(large, people, by)
    finally:
        worker.terminate()
        worker.wait(30)
    return {"delay_of_a_second_scenario_s": delays, **stopped}


def _delays(small: Any, large: Any) -> dict[str, float]:
    """Seconds from the entering of ten people until they have come to its end, while the large one walks."""
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.scenarios.flow import enrolling
    from tashika.scenarios.models import Enrolment

    people = random.Random(5).sample(_column("SELECT id FROM people_contact ORDER BY id LIMIT 100000"), SECOND * TRIES)
    found = []
    for index in range(TRIES):
        chosen = people[index * SECOND : (index + 1) * SECOND]
        began = time.monotonic()
        assert enrolling.enrol(scenario=small.scenario, contacts=chosen, by=SYSTEM, now=clock.now()) == SECOND
        while Enrolment.objects.filter(scenario=small.scenario, state="done", contact_id__in=chosen).count() < SECOND:
            time.sleep(0.02)
        found.append(time.monotonic() - began)
        walking = Enrolment.objects.filter(scenario=large.scenario, state="walking").exists()
        scenery.say(
            f"ten people came through in {found[-1]:.2f} s{'' if walking else ' (the large one is not walking)'}"
        )
        time.sleep(0.5)
    return {"median": round(statistics.median(found), 2), "most": round(max(found), 2)}


def _stop_and_go_on(large: Any, people: int, by: Any) -> dict[str, Any]:
    """Unpublish in the middle, look that nothing happens, publish again; three times, once in each way."""
    from tashika.scenarios.models import Enrolment

    _wait_for(lambda: _visits(large) > people // 10, 600)
    answers, after, said = [], 0, {}
    for choice in ("now", "shift", "skip"):
        took, before = _unpublish(large)
        answers.append(took)
        time.sleep(3)
        after += _done(large) - before
        said[choice] = _again(large, choice, by)
        scenery.say(f"unpublished in {took * 1000:.0f} ms, {after} after it; again by {choice}: {said[choice]}")
        enough = _visits(large) + people // 10
        walking = Enrolment.objects.filter(scenario=large.scenario, state="walking")
        _wait_for(lambda most=enough, who=walking: _visits(large) > most or not who.exists(), 600)
    walking = Enrolment.objects.filter(scenario=large.scenario, state="walking")
    _wait_for(lambda: not walking.exists(), 3600)
    doubled = _one(
        "SELECT count(*) FROM (SELECT enrolment_id, node FROM scenarios_visit GROUP BY 1, 2 HAVING count(*) > 1) twice"
    )
    return {
        "unpublish_answer_ms": [round(one * 1000) for one in answers],
        "happened_after_the_answer": after,
        "published_again": said,
        "steps_done_twice": doubled,
        "people_at_the_end": Enrolment.objects.filter(scenario=large.scenario, state="done").count(),
    }


def _unpublish(large: Any) -> tuple[float, int]:
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.scenarios import unpublishing

    took, _ = _timed(lambda: unpublishing.unpublish(scenario=large.scenario, by=SYSTEM, now=clock.now()))
    return took, _done(large)


def _again(large: Any, choice: str, by: Any) -> dict[str, int]:
    """Publish again by a choice: the counts that were said beforehand, checked against what the record then says."""
    from tashika.core import clock
    from tashika.core.models import AuditEntry
    from tashika.scenarios.flow import resuming

    now = clock.now()
    said = resuming.situation(large.scenario, now=now)
    _publish_again(large.scenario, by, now, choice)
    record = AuditEntry.objects.filter(verb="publish_again").order_by("-id")[0].detail
    assert (record["overdue"], record["waiting"]) == (said.overdue, said.waiting), (record, said)
    return {"overdue": said.overdue, "waiting": said.waiting}


def _done(large: Any) -> int:
    """All that a flow has ever done: visits, taggings, ledger rows, changes of contacts."""
    tables = ("people_tagging", "delivery_ledger", "people_contact_history")
    return _visits(large) + sum(_one(f"SELECT count(*) FROM {table}") for table in tables)


def _visits(large: Any) -> int:
    return _one(
        f"SELECT coalesce(sum(people), 0)::bigint FROM scenarios_node_tally WHERE scenario_id = {large.scenario_id}"
    )


# -- what it stands on


def _node(name: str, kind: str, following: Any = None, **settings: Any) -> dict[str, Any]:
    ways = {"": following} if isinstance(following, str) else following or {}
    return {"id": name, "kind": kind, "next": ways, **settings}


def _rule(field: str, value: str) -> dict[str, Any]:
    return {"field": field, "test": "is", "value": value}


def _everybody(now: datetime) -> str:
    from tashika.contents import drafting

    rule = {"op": "and", "rules": [{"field": "email", "test": "is_not_empty"}]}
    return drafting.create(kind="segment", name="全員", draft={"rule": rule}, by=None, now=now).public_id


def _publish(nodes: list[dict[str, Any]], by: Any, now: datetime | None = None) -> Any:
    from tashika.contents import drafting
    from tashika.core import clock
    from tashika.scenarios.flow import reading

    now = now or clock.now()
    draft = reading.accepted({"type": "flow", "nodes": nodes})
    scenario = drafting.create(kind="scenario", name="bench", draft=draft, by=None, now=now)
    return _publish_again(scenario, by, now, None)


def _publish_again(scenario: Any, by: Any, now: datetime, choice: str | None) -> Any:
    from tashika.scenarios import publishing
    from tashika.scenarios.flow import billing

    clearance = publishing.Clearance(billing.bill_hash(scenario), 0)
    return publishing.publish(scenario=scenario, clearance=clearance, by=by, now=now, choice=choice)


def _publisher() -> Any:
    from tashika.accounts import users
    from tashika.core import clock
    from tashika.core.actors import SYSTEM

    words = {"email": "admin@example.jp", "name": "管理者", "password": "long enough to pass", "role": "administrator"}
    return users.create(**words, by=SYSTEM, now=clock.now())


def _open(number: int, mail: int, at: datetime) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO activity_event (at, contact_id, kind, mail_number, detail)"
            " SELECT %s, id, 'opened', %s, '{}' FROM people_contact ORDER BY id LIMIT %s",
            [at + timedelta(hours=1), mail, number],
        )


def _timed(work: Any) -> tuple[float, Any]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def _wait_for(holds: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit("it takes too long")
        time.sleep(0.1)


def _one(statement: str) -> int:
    return _column(statement)[0]


def _column(statement: str) -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [int(row[0]) for row in cursor.fetchall()]


def _size(tables: tuple[str, ...]) -> int:
    return sum(_one(f"SELECT pg_total_relation_size('{table}')") for table in tables)


def _memory(pid: int) -> float:
    """The most that a process has taken so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0) / 1024


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--people", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.people or (20_000 if arguments.quick else 1_000_000))))


if __name__ == "__main__":
    main()

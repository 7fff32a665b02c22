"""People walk a scenario while its workers are killed with -9, over and over: no step twice, none lost.

    ./tashika bench flow_kills [--quick] [--json] [--people N] [--kills N]      (5,000 people, 200 kills)

Two workers advance the scenario, a real sender sends its mails and notices over SMTP to a server that keeps a record. The
clock is driven: in every round some people enter by a tag, some open their mail, hours pass, and at a random moment one of
the workers is killed and started anew. At the end everybody's way is compared with what it must have been, and with what the
server saw.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation, scenery
from bench.flows import _column, _node, _one, _publish, _publisher, _wait_for
from bench.recording_server import BODY, RecordingServer

HOURS = timedelta(hours=4)  # that pass in a round
YES = ["entry::entered", "mail::sent", "wait::passed", "opened:yes:did", "tag::done", "score::done", "tell::told"]
NO = ["entry::entered", "mail::sent", "wait::passed", "opened:no:in_vain", "again::sent", "tuesday::passed"]


def run(people: int, kills: int) -> dict[str, Any]:
    """All of it; the figures."""
    folder = installation.prepare()
    server = RecordingServer(folder)
    scenery.people(people)
    scenery.relay(server.port, 10)
    scenario, mail, now = _scenario(people)
    clock = folder / "clock"
    clock.write_text(now.isoformat())
    walkers = [_walker(folder, clock) for _ in range(2)]
    sender = scenery.senders(1)[0]
    chance = random.Random(11)
    ids = _column("SELECT id FROM people_contact ORDER BY id")
    openers = set(chance.sample(ids, people * 2 // 5))
    began = time.monotonic()
    for index in range(kills):
        share = ids[index * people // kills : (index + 1) * people // kills]
        _enter(share, now)
        _open_mails(openers, mail, now)
        now = _pass(clock, now, HOURS)
        _nothing_queued()
        time.sleep(chance.uniform(0, 0.25))
        which = index % 2
        walkers[which].kill()
        walkers[which].wait()
        walkers[which] = _walker(folder, clock)
        if index % 20 == 19:
            scenery.say(f"{index + 1} kills, {_one('SELECT count(*) FROM scenarios_visit'):,} steps")
    while _one("SELECT count(*) FROM scenarios_enrolment WHERE state = 'walking'") + _one(
        "SELECT count(*) FROM scenarios_signal"
    ):
        _open_mails(openers, mail, now)
        now = _pass(clock, now, timedelta(days=1))
        time.sleep(1)
    seconds = time.monotonic() - began
    _wait_for(_nothing_queued, 600)
    time.sleep(2)
    for process in [*walkers, sender]:
        process.terminate()
        process.wait(30)
    return {"bench": "flow_kills", "kills": kills, "seconds": round(seconds), **_judge(scenario, people, server)}


def _nothing_queued() -> bool:
    """Mails that were handed down by the driven clock are due in the sender's own time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_queue SET due_at = now() WHERE due_at > now()")
    return not _one("SELECT count(*) FROM delivery_queue")


def _scenario(people: int) -> tuple[Any, int, datetime]:
    from django.db import connection

    from tashika.accounts.models import User
    from tashika.contents import drafting
    from tashika.core import clock

    now, by = clock.now(), _publisher()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_contact SET owner_id = %s", [by.pk])
    User.objects.filter(pk=by.pk).update(verified_email=by.email, verified_at=now)
    first, again, notice = (
        drafting.create(kind="mail", name=name, draft=scenery.SHORT_MAIL, by=None, now=now).public_id
        for name in ("資料のご案内", "もう一度ご案内", "資料を読んだ方がいます")
    )
    publication = _publish(
        [
            _node("entry", "entry", "mail", on="tag_added", tag="資料請求"),
            _node("mail", "mail", "wait", mail=first),
            _node("wait", "wait", "opened", wait={"business_days": 3}),
            _node("opened", "decision", {"yes": "tag", "no": "again"}, did="opened", of=first, within={"days": 5}),
            _node("tag", "tag", "score", add=["読んだ"]),
            _node("score", "score", "tell", add=10),
            _node("tell", "notify", mail=notice, to={"owner": True}),
            _node("again", "mail", "tuesday", mail=again),
            _node("tuesday", "wait", wait={"weekday": 1, "time": "10:00"}),
        ],
        by,
        now,
    )
    return publication.scenario, int(first[2:]), now


def _walker(folder: Path, clock: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.flow_walker", str(folder), str(clock)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _enter(contacts: list[int], now: datetime) -> None:
    from tashika.people import sources, tagging

    tag, source = tagging.of_name("資料請求", now=now), sources.of_scenario("S-0", "bench", now=now)
    tagging.put(tag=tag, contacts=("SELECT unnest(%s::bigint[])", [contacts]), source=source, now=now)


def _open_mails(openers: set[int], mail: int, now: datetime) -> None:
    """Those who open do so a day and more after they got it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO activity_event (at, contact_id, kind, mail_number, detail)"
            " SELECT %s, e.contact_id, 'opened', %s, '{}' FROM scenarios_enrolment e WHERE e.contact_id = ANY (%s)"
            " AND e.entered_at < %s AND e.state = 'walking' AND NOT EXISTS (SELECT FROM activity_event o"
            " WHERE o.contact_id = e.contact_id AND o.kind = 'opened' AND o.mail_number = %s)",
            [now, mail, list(openers), now - timedelta(days=1), mail],
        )


def _pass(clock: Path, now: datetime, span: timedelta) -> datetime:
    fresh = clock.with_suffix(".new")
    fresh.write_text((now + span).isoformat())
    fresh.replace(clock)
    return now + span


def _judge(scenario: Any, people: int, server: RecordingServer) -> dict[str, Any]:
    """Every way against what it must be; the effects against the ways; the server's record against the ledger."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.contact_id, e.state, e.step, array_agg(v.node || ':' || v.branch || ':' || v.outcome ORDER BY v.step),"
            " c.score, (SELECT count(*) FROM people_tagging g JOIN people_tag t ON t.id = g.tag_id"
            "           WHERE g.contact_id = c.id AND t.name = '読んだ'),"
            " (SELECT count(*) FROM delivery_ledger l WHERE l.contact_id = c.id AND l.state = 'accepted'),"
            " (SELECT count(*) FROM delivery_ledger l WHERE l.about_id = c.id AND l.state = 'accepted')"
            " FROM scenarios_enrolment e JOIN scenarios_visit v ON v.enrolment_id = e.id"
            " JOIN people_contact c ON c.id = e.contact_id WHERE e.scenario_id = %s GROUP BY e.id, c.id",
            [scenario.pk],
        )
        rows = cursor.fetchall()
    wrong, yes = [], 0
    for contact, state, step, way, score, tags, mails, notices in rows:
        did = way == YES
        yes += did
        good = state == "done" and step == len(way) and way in (YES, NO)
        effects = (score, tags, mails, notices) == ((10, 1, 1, 1) if did else (0, 0, 2, 0))
        if not (good and effects):
            wrong.append([contact, state, step, way, score, tags, mails, notices])
    bodies = sum(event.kind == BODY for event in server.end())
    accepted = _one("SELECT count(*) FROM delivery_ledger WHERE state = 'accepted'")
    return {
        "people": len(rows),
        "lost": people - len(rows),
        "by_yes": yes,
        "by_no": len(rows) - yes,
        "steps": _one("SELECT count(*) FROM scenarios_visit"),
        "mails_and_notices_accepted": accepted,
        "seen_by_the_server": bodies,
        "wrong": len(wrong),
        "examples": wrong[:3],
    }


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    arguments = parser.parse_args()
    people = arguments.people or (400 if arguments.quick else 5_000)
    print(json.dumps(run(people, arguments.kills or (12 if arguments.quick else 200)), ensure_ascii=False))


if __name__ == "__main__":
    main()

"""Whether the work per mail stays the same as the ledger grows: two installations at once, one small, one large.

    ./tashika bench scale [--quick] [--json] [--rows N] [--rounds N]    (N rows in the large one; 20 million by default)

    claim, record      rows a second, in the sets that a sender takes (1,200 claimed, 100 recorded), without SMTP
    plan               rows a second of planning the dispatch that is then claimed
    dispatch_page      milliseconds of the page of a dispatch of 200,000 (the small one's rows), through the whole of the web application
    search             milliseconds of a search by a part of the address among its recipients
    person             milliseconds of all that a person was sent
    disk               bytes a row of the ledger and of the activity log, with indexes, of the old rows; and what the
                       two grew by a mail that was really planned, claimed and recorded

Old rows lie in dispatches to the same 200,000 people, with an event in the activity log for each, written as sets with
the indexes made afterwards. What is measured then goes the ordinary way. The two take turns, so that ratios hold on a
machine that others share; the median of the rounds is printed.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation, scenery

PORTION, SET = 1200, 100
REPLY = "2.0.0 Ok: queued as 4bXyZ12abcz9QwE"


# -- one installation: a process of its own


def serve(rows: int, people: int, recipients: int) -> None:
    """Prepare an installation with so many old rows; then answer each line of standard input with a round's figures."""
    installation.prepare()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    began = time.monotonic()
    scenery.people(people)
    scenery.mail()
    scenery.relay(9, 1)  # nobody answers there: nothing is sent
    old = _old_dispatches(rows, people)
    prepared = {"old_rows": rows, "prepared_seconds": round(time.monotonic() - began), **_bytes_per_row(rows)}
    print(json.dumps(prepared), flush=True)
    page = _page(old)
    before, number = _bytes(), 0
    for number, _ in enumerate(sys.stdin, 1):
        print(json.dumps(_round(number, old, page, recipients)), flush=True)
    print(json.dumps({"bytes_per_mail_sent": (_bytes() - before) // (number * recipients)}), flush=True)


def _old_dispatches(rows: int, people: int) -> int:
    """Finished dispatches with all that they left behind; the id of the last."""
    from django.db import connection

    from tashika.delivery.models import Dispatch

    indexes = _drop_indexes()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE delivery_ledger DISABLE TRIGGER USER")
        for number in range(rows // people):
            one = scenery.dispatch(f"old:{number}", audience="SELECT 0")
            cursor.execute(_OLD_LEDGER, [one.pk])
            cursor.execute(_OLD_TALLY, [one.pk, people])
            cursor.execute(_OLD_ACTIVITY, [one.pk])
            Dispatch.objects.filter(pk=one.pk).update(state="finished", planned=people)
            if number % 10 == 9:
                print(f"{(number + 1) * people:,} old rows", file=sys.stderr, flush=True)
        cursor.execute("ALTER TABLE delivery_ledger ENABLE TRIGGER USER")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in indexes:
            cursor.execute(statement)
        cursor.execute("VACUUM (ANALYZE) delivery_ledger")
        cursor.execute("VACUUM (ANALYZE) activity_event")
        cursor.execute("CHECKPOINT")
    return int(one.pk)


_OLD_LEDGER = """
    INSERT INTO delivery_ledger (dispatch_id, contact_id, address, address_key, address_hash, state, message_id,
        merge_values, attempts, claim, begun_at, ended_at, reply, body_hash)
    SELECT %s, id, email, email_key, address_hash, CASE WHEN id %% 100 = 0 THEN 'refused' ELSE 'accepted' END,
        gen_random_uuid(), jsonb_build_object('contact.company_name', company_name, 'contact.department', department,
        'contact.job_title', job_title, 'contact.family_name', family_name, 'contact.given_name', given_name),
        1, id / 1200, now(), now(), '2.0.0 Ok: queued as 4bXyZ12abcz9QwE', address_hash
    FROM people_contact ORDER BY id"""
_OLD_TALLY = """
    INSERT INTO delivery_tally (dispatch_id, state, slot, rows, first_begun_at, last_begun_at)
    SELECT d, s, 0, n, now(), now() FROM (SELECT %s AS d, %s AS people) x,
        LATERAL (VALUES ('accepted', people - people / 100), ('refused', people / 100)) v(s, n)"""
_OLD_ACTIVITY = """
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
    SELECT ended_at, contact_id, 'mail_' || state, dispatch_id, 1 FROM delivery_ledger WHERE dispatch_id = %s"""


def _drop_indexes() -> list[str]:
    """Take away what can be made again faster in one go; the statements that make it again."""
    from django.db import connection

    again = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname,"
            " c.contype, pg_get_constraintdef(c.oid)"
            " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
            " WHERE i.indrelid IN ('delivery_ledger'::regclass, 'activity_event'::regclass)"
        )
        for index, table, definition, constraint, kind, constrained in cursor.fetchall():
            if kind == "u":
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
                again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {constrained}")
            elif kind is None and "(dispatch_id, id)" not in definition:  # that one finds the rows of one dispatch
                cursor.execute(f"DROP INDEX {index}")
                again.append(definition)
    return again


def _bytes_per_row(rows: int) -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        sizes = {}
        for table in ("delivery_ledger", "activity_event"):
            cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table])
            heap, indexes = cursor.fetchone()
            sizes |= {f"{table}_bytes_per_row": heap // rows, f"{table}_index_bytes_per_row": indexes // rows}
    return sizes


def _bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('delivery_ledger') + pg_total_relation_size('activity_event')")
        return int(cursor.fetchone()[0])


def _page(dispatch: int) -> Callable[[], None]:
    from django.test import Client

    from tashika.accounts import users
    from tashika.core import clock
    from tashika.core.actors import SYSTEM

    words, now = "tashikana-himitsu-2026", clock.now()
    user = users.create(email="b@example.jp", name="b", password=words, role="publisher", by=SYSTEM, now=now)
    client = Client()
    client.force_login(user)

    def get() -> None:
        response = client.get(f"/dispatches/{dispatch}")
        assert response.status_code == 200, response.status_code

    return get


def _round(number: int, old: int, page: Callable[[], None], recipients: int) -> dict[str, float]:
    from tashika.delivery import queries

    began = time.monotonic()
    new = scenery.dispatch(f"new:{number}", f"SELECT id FROM people_contact ORDER BY id LIMIT {recipients}")
    planned = time.monotonic() - began
    claimed, recorded = asyncio.run(_claim_and_record(new.pk, recipients))
    return {
        "plan_per_second": recipients / planned,
        "claim_per_second": recipients / claimed,
        "record_per_second": recipients / recorded,
        "dispatch_page_ms": _milliseconds(page),
        "search_ms": _milliseconds(lambda: queries.recipients(old, "got", search=f"p{number + 7}77@", limit=50)),
        "person_ms": _milliseconds(lambda: queries.of_contact(number + 1, 50)),
    }


def _milliseconds(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(7):
        began = time.monotonic()
        act()
        taken.append(time.monotonic() - began)
    return statistics.median(taken) * 1000


async def _claim_and_record(dispatch: int, recipients: int) -> tuple[float, float]:
    """Seconds of claiming and of recording, with the sender's own statements."""
    from datetime import timedelta
    from uuid import uuid4

    import psycopg
    from asgiref.sync import sync_to_async

    from tashika.core import clock, config, database
    from tashika.delivery.arming import looking
    from tashika.delivery.ledger import Ended, Ledger

    standing = await sync_to_async(looking.look)(data=config.data_folder(), now=clock.now())

    connection = await psycopg.AsyncConnection.connect(database.conninfo(), autocommit=True)
    claimed = recorded = 0.0
    async with connection:
        ledger = Ledger(connection, uuid4())
        await ledger.register(
            host="bench",
            pid=os.getpid(),
            permit=timedelta(hours=1),
            home=standing.host,
            remembered=standing.counter,
        )
        left = recipients
        while left:
            began = time.monotonic()
            rows = await ledger.claim(dispatch=dispatch, limit=PORTION)
            between = time.monotonic()
            assert rows, f"{left} rows can't be claimed"
            now = time.time_ns() // 1000
            ended = [Ended(row.id, row.claim, "accepted", REPLY, now, now, bytes(32)) for row in rows]
            for start in range(0, len(ended), SET):
                await ledger.record(ended[start : start + SET])
            claimed += between - began
            recorded += time.monotonic() - between
            left -= len(rows)
        await ledger.end()
    return claimed, recorded


# -- both, in turn


class _Installation:
    def __init__(self, rows: int, people: int, recipients: int) -> None:
        command = [sys.executable, "-m", "bench.scale", "--serve", str(rows), str(people), str(recipients)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.prepared: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """The next line that it prints."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("an installation ended early")
        return dict(json.loads(line))

    def round(self) -> dict[str, float]:
        """One round's figures."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self.read()

    def end(self) -> dict[str, Any]:
        """End it; the last figures."""
        assert self._process.stdin
        self._process.stdin.close()
        last = self.read()
        self._process.wait()
        return last


def run(*, rows: int, small: int, rounds: int, recipients: int) -> dict[str, Any]:
    """All of it; the figures."""
    both = {name: _Installation(number, small, recipients) for name, number in (("small", small), ("large", rows))}
    for name, one in both.items():
        one.prepared = one.read()
        scenery.say(f"{name}: {one.prepared}")
    found: dict[str, list[dict[str, float]]] = {"small": [], "large": []}
    for number in range(rounds + 1):
        for name, one in both.items():
            figures = one.round()
            if number:  # the first warms up
                found[name].append(figures)
            scenery.say(f"round {number} {name}: " + ", ".join(f"{key} {value:,.1f}" for key, value in figures.items()))
    ratios = {
        key: round(
            statistics.median(large[key] / little[key] for little, large in zip(*found.values(), strict=True)), 2
        )
        for key in found["small"][0]
    }
    medians = {
        name: {key: round(statistics.median(one[key] for one in rounds_), 1) for key in rounds_[0]}
        for name, rounds_ in found.items()
    }
    sizes = {name: {**one.prepared, **one.end()} for name, one in both.items()}
    return {"bench": "scale", "rounds": rounds, **medians, "large_by_small": ratios, "disk": sizes}


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 against 200,000 rows, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--recipients", type=int, default=0)
    parser.add_argument("--serve", type=int, nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    recipients = arguments.recipients or (5_000 if arguments.quick else 20_000)
    if arguments.serve:
        serve(*arguments.serve)
        return
    rows = arguments.rows or (200_000 if arguments.quick else 20_000_000)
    small = 20_000 if arguments.quick else 200_000
    rounds = arguments.rounds or (1 if arguments.quick else 7)
    print(json.dumps(run(rows=rows, small=small, rounds=rounds, recipients=recipients)))


if __name__ == "__main__":
    main()

"""Who begins a flow: heard of as it happens, or found by looking at a time. One statement over the set."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tashika.audiences import matching
from tashika.core import sql
from tashika.core.clock import JAPAN
from tashika.scenarios.flow import nodes, running, timing, watching
from tashika.scenarios.flow.nodes import Node
from tashika.scenarios.flow.running import Running
from tashika.scenarios.models import Publication, Signal

SIGNALS = 20_000  # that are taken at a time
LOOK_EVERY = timedelta(minutes=1)  # at who has entered or left a segment
LATE = timedelta(hours=1)  # a time that was missed by more is not made good (G8)

Audience = tuple[str, Sequence[Any]]


def enter(flow: Running, *, audience: Audience, now: datetime) -> int:
    """Let a set of contacts in, in the caller's transaction; how many did."""
    entry = flow.flow.entry
    assert entry is not None
    statement, values = audience
    names = {f"a{index}": value for index, value in enumerate(values)}
    first, *others = statement.split("%s")
    placed = first + "".join(f"%({name})s{part}" for name, part in zip(names, others, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("scenarios", "enter").replace("{audience}", placed),
            {
                **names,
                "scenario": flow.scenario,
                "node": entry.id,
                "again": flow.flow.re_entry == "after_leaving",
                "now": now,
            },
        )
        return int(cursor.rowcount)


def hear(publication_id: int, *, now: datetime) -> int:
    """Take in what has been signalled to a flow: people enter, decisions are taken; how many signals. Meanwhile no step of
    the flow is under way, so that nobody arrives at a decision between the look back and the signal."""
    if not Signal.objects.filter(publication_id=publication_id).exists():
        return 0
    with transaction.atomic():
        flow = running.locked(publication_id, alone=True)
        if flow is None:
            return 0
        taken = _take(publication_id)
        for node in flow.flow.nodes.values():
            heard = watching.heard_by(node, now=now)
            ids = taken.get(heard) if heard else None
            if ids and node.kind == nodes.ENTRY:
                enter(flow, audience=("SELECT unnest(%s::bigint[])", [ids]), now=now)
            elif ids:
                _decide(flow, node, ids, now)
    return sum(map(len, taken.values()))


def look(publication_id: int, *, now: datetime) -> int:
    """Let those in whom a look finds: a segment at a time, its new members, a date that has come; how many. However many
    they are, nobody who unpublishes waits for them: if somebody did meanwhile, nobody has entered."""
    with transaction.atomic():
        flow = running.unlocked(publication_id) if _alone(publication_id) else None
        if flow is None or flow.flow.entry is None or flow.flow.entry["on"] not in nodes.LOOKS:
            return 0
        since = flow.publication.looked_at
        if not _is_time(flow.flow.entry, since or flow.publication.published_at, since is None, now):
            return 0
        found = _found(flow, flow.flow.entry, since, now)
        if not running.still_runs(publication_id):
            transaction.set_rollback(True)
            return 0
        Publication.objects.filter(pk=publication_id).update(looked_at=now)
        return found


def _alone(publication_id: int) -> bool:
    """Whether nobody else is looking for this flow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('look'), %s)", [publication_id])
        return bool(cursor.fetchone()[0])


def _take(publication_id: int) -> dict[tuple[str, str], list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM scenarios_signal WHERE id IN (SELECT id FROM scenarios_signal WHERE publication_id = %s"
            " ORDER BY id LIMIT %s) RETURNING kind, subject, contact_id",
            [publication_id, SIGNALS],
        )
        taken: dict[tuple[str, str], list[int]] = {}
        for kind, subject, contact in cursor.fetchall():
            taken.setdefault((kind, subject), []).append(contact)
    return taken


def _decide(flow: Running, node: Node, contacts: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scenarios_enrolment SET verdict = 'yes', due_at = %s WHERE scenario_id = %s AND node = %s"
            " AND contact_id = ANY (%s) AND state = 'walking' AND verdict = ''",
            [now, flow.scenario, node.id, contacts],
        )


def _is_time(entry: Node, last: datetime, first: bool, now: datetime) -> bool:
    """Whether a look is due since the last one."""
    if entry["on"] == "segment_at":
        moment = timing.moment(entry["at"]) if entry["at"] else None
        return first and (moment is None or moment <= now <= max(moment, last) + LATE)
    if entry["on"] in ("segment_entered", "segment_left"):
        return first or now >= last + LOOK_EVERY
    day = now.astimezone(JAPAN)
    due = datetime.combine(day.date(), timing.clock_time(entry["time"]), JAPAN)
    if not last < due <= now <= due + LATE:
        return False
    return bool(entry["on"] == "date" or day.weekday() in entry["weekdays"])


def _found(flow: Running, entry: Node, since: datetime | None, now: datetime) -> int:
    if entry["on"] == "date":
        return enter(flow, audience=_whose_date_has_come(entry, now), now=now)
    version = flow.versions[str(entry["segment"])]
    audience = matching.audience_sql(version.body, version.content_id)
    if entry["on"] in ("segment_at", "every"):
        return enter(flow, audience=audience, now=now)
    return _changes_of(flow, audience, left=entry["on"] == "segment_left", first=since is None, now=now)


def _whose_date_has_come(entry: Node, now: datetime) -> Audience:
    day = (now.astimezone(JAPAN) - timedelta(days=int(entry["days"]))).date()
    rule = {"field": entry["field"], "test": "is", "value": day.isoformat()}
    compiled = matching.condition(rule)
    return f"SELECT c.id FROM people_contact c WHERE {compiled.sql}", compiled.values


def _changes_of(flow: Running, audience: Audience, *, left: bool, first: bool, now: datetime) -> int:
    """Keep who is in a segment, and let those in who have come (or gone) since the last look."""
    statement, values = audience
    pk = int(flow.publication.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scenarios_member (publication_id, contact_id)"
            f" SELECT %s, found.id FROM ({statement}) AS found (id) ON CONFLICT DO NOTHING RETURNING contact_id",
            [pk, *values],
        )
        come = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "DELETE FROM scenarios_member m WHERE m.publication_id = %s"
            f" AND m.contact_id NOT IN ({statement}) RETURNING contact_id",
            [pk, *values],
        )
        gone = [row[0] for row in cursor.fetchall()]
    chosen = gone if left else come
    if first or not chosen:
        return 0
    return enter(flow, audience=("SELECT unnest(%s::bigint[])", [chosen]), now=now)

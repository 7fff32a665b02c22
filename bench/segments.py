"""Twelve segments as B2B marketers make them, over a large clientele.

./tashika bench segments [--quick] [--json] [--contacts N]   (N contacts; a million by default)

Beside N contacts lie 5 N tag rows and 10 N events (`bench.crowd` says how they are spread). For each rule

people   how many match
cold_ms  the first count of the rule; the database is started anew once, before all of them
warm_ms  the same again, the median of five
why_ms   why one person matches or not, the median of five

A rule that takes more than a second warm is printed with its plan.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import crowd, installation, scenery

Rule = dict[str, Any]
LONG = 1_000  # milliseconds
ROUNDS = 5


def run(contacts: int) -> dict[str, Any]:
    """All of it; the figures."""
    folder = installation.prepare()
    took, _ = _timed(lambda: crowd.fill(contacts))
    scenery.say(f"filled in {took / 1000:.0f} s")
    installation.start_anew(folder)
    found = {name: _measured(name, rule) for name, rule in rules().items()}
    return {"bench": "segments", "contacts": contacts, **_rows(), "rules": found}


def rules() -> dict[str, Rule]:
    """The twelve, by what they say."""
    last_three = [_did("opened", mail=number) for number in (58, 59, 60)]
    return {
        "tag A and not tag B": _and(_tag("タグ5"), _no_tag("タグ9")),
        "tag A and industry": _and(_tag("タグ3"), _industry()),
        "opened in the last 30 days": _and(_did("opened", days=30)),
        "opened none of the last three mails": _and(_tag("タグ2"), _group("not", *last_three)),
        "(tag A or industry) and not tag B": _and(_group("or", _tag("タグ12"), _industry()), _no_tag("タグ4")),
        "clicked a mail within 7 days, not opted out": _and(
            _did("clicked", mail=60, days=7), _leaf("consent", "is_not", "withdrawn")
        ),
        "contract ends within the next 60 days": _and(_leaf("custom.contract_end", "within_next_days", 60)),
        "owner and score": _and(_leaf("owner", "is", "tantou3@staff.example.jp"), _leaf("score", "at_least", 50)),
        "company contains, in a scenario": _and(
            _leaf("company_name", "contains", "精機"), _leaf("scenario", "walks", {"scenario": "S-1"})
        ),
        "on a list and not tagged": _and(_leaf("list", "in_list", "G-1"), _no_tag("タグ1")),
        "three levels of nesting": _nested(),
        "no activity at all for a year": _and(
            _leaf("created_at", "before", "2026-01-01"), _leaf("activity", "did_not", {"kind": "any", "days": 365})
        ),
    }


def _nested() -> Rule:
    keen = _group("or", _did("form_sent", content="F-1"), _did("document_downloaded", days=90), _tag("タグ20"))
    large = _and(_leaf("custom.employees", "at_least", 300), _group("or", _leaf("rank", "is", "A"), _tag("タグ7")))
    return _and(_group("or", keen, large), _group("not", _tag("タグ6"), _did("bounced")))


def _leaf(field: str, test: str, value: Any) -> Rule:
    return {"field": field, "test": test, "value": value}


def _group(op: str, *rules: Rule) -> Rule:
    return {"op": op, "rules": list(rules)}


def _and(*rules: Rule) -> Rule:
    return _group("and", *rules)


def _tag(name: str) -> Rule:
    return _leaf("tag", "has", name)


def _no_tag(name: str) -> Rule:
    return _leaf("tag", "has_not", name)


def _industry() -> Rule:
    return _leaf("custom.industry", "is", crowd.INDUSTRIES[0])


def _did(kind: str, **narrow: Any) -> Rule:
    return _leaf("activity", "did", {"kind": kind, **narrow})


# -- measuring


def _measured(name: str, rule: Rule) -> dict[str, Any]:
    from tashika.audiences import matching

    body = {"rule": rule}
    cold, people = _timed(lambda: matching.count(body))
    warm = _median(lambda: matching.count(body))
    somebody = (matching.sample(body, 1) or [1])[0]
    why = _median(lambda: matching.why(body, somebody))
    scenery.say(f"{name}: {people:,} people, cold {cold:.0f} ms, warm {warm:.0f} ms, why {why:.1f} ms")
    found = {"people": people, "cold_ms": round(cold), "warm_ms": round(warm), "why_ms": round(why, 1)}
    if warm > LONG:
        found["plan"] = _plan(body)
        scenery.say("\n".join(found["plan"]))
    return found


def _plan(body: dict[str, Any]) -> list[str]:
    from django.db import connection

    from tashika.audiences import matching

    statement, values = matching.audience_sql(body)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT count(*) FROM ({statement}) chosen", values)
        return [row[0] for row in cursor.fetchall()]


def _rows() -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM people_tagging), (SELECT count(*) FROM activity_event)")
        tags, events = cursor.fetchone()
    return {"tag_rows": tags, "events": events}


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_timed(work)[0] for _ in range(ROUNDS))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what came of it."""
    began = time.monotonic()
    result = work()
    return (time.monotonic() - began) * 1000, result


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 contacts, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--contacts", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.contacts or (20_000 if arguments.quick else 1_000_000)), ensure_ascii=False))


if __name__ == "__main__":
    main()

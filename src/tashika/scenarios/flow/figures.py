"""Where people are: by node, now here, passed, left, failed."""

from dataclasses import dataclass, replace

from django.db import connection

from tashika.contents.models import Content


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """Of one node. `passed` went on from here; `left` and `failed` ended here."""

    here: int = 0
    passed: int = 0
    left: int = 0
    failed: int = 0


def of(scenario: Content) -> dict[str, NodeFigures]:
    """The figures of every node that anybody has been at."""
    found: dict[str, NodeFigures] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT node, count(*) FROM scenarios_enrolment WHERE scenario_id = %s AND state = 'walking' GROUP BY node",
            [scenario.pk],
        )
        for node, number in cursor.fetchall():
            found[node] = NodeFigures(here=number)
        cursor.execute(
            "SELECT node, CASE outcome WHEN 'left' THEN 'left' WHEN 'failed' THEN 'failed' ELSE 'passed' END AS kind,"
            " sum(people) FROM scenarios_node_tally WHERE scenario_id = %s GROUP BY 1, 2",
            [scenario.pk],
        )
        for node, kind, number in cursor.fetchall():
            found[node] = replace(found.get(node, NodeFigures()), **{kind: int(number)})
    return found

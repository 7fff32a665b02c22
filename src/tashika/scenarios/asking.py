"""What segments may ask about scenarios. They stand above this room and can't read its tables, so it hands them the rows."""

from typing import Any

from tashika.audiences.conditions import Field, Rows
from tashika.core.text import t

WORDS = t("シナリオ", "Scenario")


def field() -> Field:
    """The field "scenario": its value is {"scenario": "S-12"}, with "node": "n3" for one place in it."""
    return Field("scenario", "scenario", rows=_rows)


def _rows(test: str, value: Any) -> Rows:
    """Who walks, or who ever walked, in a scenario: at a node now, or having been at it. Raises ValueError."""
    number, node = int(str(value["scenario"]).upper().removeprefix("S-")), str(value.get("node") or "")
    where = "n.scenario_id = (SELECT k.id FROM contents_content k WHERE k.kind = 'scenario' AND k.number = %s)"
    values: list[Any] = [number]
    walks = test in ("walks", "walks_not")
    if walks:
        where += " AND n.state = 'walking'"
    if node and walks:
        where += " AND n.node = %s"
        values.append(node)
    elif node:
        been = "EXISTS (SELECT FROM scenarios_visit v WHERE v.enrolment_id = n.id AND v.node = %s)"
        where += f" AND (n.node = %s OR {been})"
        values += [node, node]
    return Rows("scenarios_enrolment n", "n.contact_id", where, values, test in ("walks", "walked"))

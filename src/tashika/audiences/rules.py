"""The grammar of segments: a rule tree, checked and compiled to SQL. Pure: no Django, no database.

    node  = {"op": "and" | "or" | "not", "rules": [node, …]}
          | {"field": FIELD, "test": TEST, "value": VALUE}

Every value goes in as a parameter; a field that is not in the schema is refused with its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

MAX_DEPTH = 8
MAX_LEAVES = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A field that rules may ask about. `sql` is the expression over contact alias `c`."""

    name: str
    type: str  # text | number | date | moment | choice | multi_choice | yes_no | tag | list | activity
    sql: str = ""
    choices: tuple[str, ...] = ()


Schema = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition over contact alias `c` with its parameters."""

    sql: str
    values: list[Any] = field(default_factory=list)


class UnableToCompileRule(Exception):
    """A rule that can't be understood. `place` is the path to the node, such as rules[1].rules[0]; `code` says why."""

    def __init__(self, code: str, place: str, detail: str = "") -> None:
        super().__init__(f"{place}: {code} {detail}".strip())
        self.code = code
        self.place = place
        self.detail = detail


TESTS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is_not", "contains", "not_contains", "starts_with", "ends_with", "in", "is_empty", "is_not_empty"),
    "number": ("is", "is_not", "at_least", "at_most", "is_empty", "is_not_empty"),
    "date": ("is", "before", "after", "within_days", "is_empty", "is_not_empty"),
    "moment": ("before", "after", "within_days"),
    "choice": ("is", "is_not", "in", "is_empty", "is_not_empty"),
    "multi_choice": ("has", "has_not", "is_empty", "is_not_empty"),
    "yes_no": ("is_yes", "is_no", "is_empty"),
    "tag": ("has", "has_not"),
    "list": ("in_list", "not_in_list"),
    "activity": ("did", "did_not"),
}
_WITHOUT_VALUE = {"is_empty", "is_not_empty", "is_yes", "is_no"}


def compile_rule(node: Mapping[str, Any], schema: Schema) -> Compiled:
    """The SQL of a rule tree. Raises UnableToCompileRule with the place of the first fault."""
    return _compile(node, schema, "rule", 0, [0])


def leaves(node: Mapping[str, Any], place: str = "rule") -> list[tuple[str, Mapping[str, Any]]]:
    """Every leaf of a tree with its place, left to right."""
    if "op" in node:
        return [
            leaf
            for index, child in enumerate(node.get("rules", []))
            for leaf in leaves(child, f"{place}.rules[{index}]")
        ]
    return [(place, node)]


def lists(node: Mapping[str, Any]) -> set[int]:
    """The numbers of the static lists that a tree names: who is on them decides who matches."""
    return {_list_number(leaf.get("value")) for _, leaf in leaves(node) if leaf.get("field") == "list"}


def _compile(node: Any, schema: Schema, place: str, depth: int, count: list[int]) -> Compiled:
    if not isinstance(node, Mapping):
        raise UnableToCompileRule("not_a_rule", place)
    if depth > MAX_DEPTH:
        raise UnableToCompileRule("too_deep", place)
    if "op" in node:
        return _group(node, schema, place, depth, count)
    count[0] += 1
    if count[0] > MAX_LEAVES:
        raise UnableToCompileRule("too_many_rules", place)
    return _leaf(node, schema, place)


def _group(node: Mapping[str, Any], schema: Schema, place: str, depth: int, count: list[int]) -> Compiled:
    op, children = node["op"], node.get("rules")
    if op not in ("and", "or", "not") or not isinstance(children, Sequence) or isinstance(children, str):
        raise UnableToCompileRule("unknown_group", place, str(op))
    parts = [
        _compile(child, schema, f"{place}.rules[{index}]", depth + 1, count) for index, child in enumerate(children)
    ]
    if not parts:
        raise UnableToCompileRule("empty_group", place)
    joined = (" AND " if op == "and" else " OR ").join(f"({part.sql})" for part in parts)
    values = [value for part in parts for value in part.values]
    return Compiled(f"NOT ({joined})" if op == "not" else joined, values)


def _leaf(node: Mapping[str, Any], schema: Schema, place: str) -> Compiled:
    name, test, value = str(node.get("field", "")), str(node.get("test", "")), node.get("value")
    known = schema.get(name)
    if known is None:
        raise UnableToCompileRule("unknown_field", place, name)
    if test not in TESTS[known.type]:
        raise UnableToCompileRule("unknown_test", place, test)
    if test not in _WITHOUT_VALUE and (value is None or value == "" or value == []):
        raise UnableToCompileRule("missing_value", place, name)
    try:
        return _COMPILERS[known.type](known, test, value)
    except (ValueError, TypeError, KeyError) as error:
        raise UnableToCompileRule("wrong_value", place, str(value)[:80]) from error


def _text(known: Field, test: str, value: Any) -> Compiled:
    column = f"coalesce({known.sql}, '')"
    if test in ("is_empty", "is_not_empty"):
        return Compiled(f"{column} {'=' if test == 'is_empty' else '<>'} ''")
    if test == "in":
        return Compiled(f"{column} = ANY(%s)", [[_string(one) for one in _several(value)]])
    text = _string(value)
    if test in ("is", "is_not"):
        return Compiled(f"{column} {'=' if test == 'is' else '<>'} %s", [text])
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = {"starts_with": f"{escaped}%", "ends_with": f"%{escaped}"}.get(test, f"%{escaped}%")
    negation = "NOT " if test == "not_contains" else ""
    return Compiled(f"{column} {negation}ILIKE %s", [pattern])


def _number(known: Field, test: str, value: Any) -> Compiled:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    operator = {"is": "=", "is_not": "IS DISTINCT FROM", "at_least": ">=", "at_most": "<="}[test]
    return _never_null(Compiled(f"({known.sql})::numeric {operator} %s", [float(value)]))


def _date(known: Field, test: str, value: Any) -> Compiled:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    if test == "within_days":
        days = _days(value)
        return _never_null(Compiled(f"({known.sql})::date BETWEEN current_date - %s AND current_date", [days]))
    operator = {"is": "=", "before": "<", "after": ">"}[test]
    return _never_null(Compiled(f"({known.sql})::date {operator} %s", [date.fromisoformat(str(value))]))


def _moment(known: Field, test: str, value: Any) -> Compiled:
    if test == "within_days":
        return _never_null(Compiled(f"{known.sql} > now() - make_interval(days => %s)", [_days(value)]))
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.astimezone()
    return _never_null(Compiled(f"{known.sql} {'<' if test == 'before' else '>'} %s", [moment]))


def _choice(known: Field, test: str, value: Any) -> Compiled:
    chosen = [_string(one) for one in _several(value)] if value is not None else []
    if known.choices and set(chosen) - set(known.choices):
        raise ValueError(chosen)
    return _text(known, test, value)


def _multi_choice(known: Field, test: str, value: Any) -> Compiled:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    condition = f"coalesce({known.sql} @> to_jsonb(%s::text), false)"
    return Compiled(condition if test == "has" else f"NOT {condition}", [_string(value)])


def _yes_no(known: Field, test: str, value: Any) -> Compiled:
    if test == "is_empty":
        return _presence(known, test)
    return _never_null(Compiled(f"({known.sql})::text = '{'true' if test == 'is_yes' else 'false'}'"))


def _tag(known: Field, test: str, value: Any) -> Compiled:
    within = (
        "c.id IN (SELECT g.contact_id FROM people_tagging g JOIN people_tag w ON coalesce(w.leads_to_id, w.id) = g.tag_id"
        " WHERE w.name = %s)"
    )
    return Compiled(within if test == "has" else f"NOT {within}", [_string(value)])


def _list(known: Field, test: str, value: Any) -> Compiled:
    within = (
        "c.id IN (SELECT m.contact_id FROM audiences_static_member m JOIN contents_content k ON k.id = m.content_id"
        " WHERE k.kind = 'segment' AND k.number = %s)"
    )
    return Compiled(within if test == "in_list" else f"NOT {within}", [_list_number(value)])


def _list_number(value: Any) -> int:
    return int(str(value).upper().removeprefix("G-"))


def _activity(known: Field, test: str, value: Any) -> Compiled:
    kinds = {"opened": "opened", "clicked": "clicked", "accepted": "mail_accepted"}
    condition = "e.kind = %s"
    values: list[Any] = [kinds[value["kind"]]]
    if value.get("mail"):
        condition += " AND e.mail_number = %s"
        values.append(int(str(value["mail"]).upper().removeprefix("M-")))
    if value.get("days"):
        condition += " AND e.at > now() - make_interval(days => %s)"
        values.append(_days(value["days"]))
    within = f"c.id IN (SELECT e.contact_id FROM activity_event e WHERE {condition})"
    return Compiled(within if test == "did" else f"NOT {within}", values)


def _presence(known: Field, test: str) -> Compiled:
    return Compiled(f"{known.sql} IS {'NULL' if test == 'is_empty' else 'NOT NULL'}")


def _never_null(condition: Compiled) -> Compiled:
    """A comparison with nothing is no: so that `not` means what people mean by it."""
    return Compiled(f"coalesce({condition.sql}, false)", condition.values)


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _string(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise ValueError(value)
    return str(value).replace("\0", "")


def _days(value: Any) -> int:
    days = int(value)
    if not 0 < days <= 36_500:
        raise ValueError(value)
    return days


_COMPILERS: dict[str, Callable[[Field, str, Any], Compiled]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "moment": _moment,
    "choice": _choice,
    "multi_choice": _multi_choice,
    "yes_no": _yes_no,
    "tag": _tag,
    "list": _list,
    "activity": _activity,
}

"""The grammar of segments: a rule tree, checked and compiled to SQL. Pure: no Django, no database.

    node  = {"op": "and" | "or" | "not", "rules": [node, …]}
          | {"field": FIELD, "test": TEST, "value": VALUE}

Every value goes in as a parameter; a field that is not in the schema is refused with its place. "Not" is moved down to
the single rules, where a comparison with nothing is no: so that `not` means what people mean by it.

What is kept elsewhere is asked for by EXISTS: in an "and" the database joins it; in an "or" it decides by itself whether to
look it up for each person or to gather it once, so that one condition serves a single person as well as everybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tashika.audiences import conditions
from tashika.audiences.conditions import TESTS, Asked, Condition, Field

MAX_DEPTH = 8
MAX_LEAVES = 100

Schema = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition over contact alias `c` with its parameters."""

    sql: str
    values: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Group:
    """All of its parts, or any of them."""

    every: bool
    parts: tuple["Asked | _Group", ...]


class UnableToCompileRule(Exception):
    """A rule that can't be understood. `place` is the path to the node, such as rules[1].rules[0]; `code` says why."""

    def __init__(self, code: str, place: str, detail: str = "") -> None:
        super().__init__(f"{place}: {code} {detail}".strip())
        self.code = code
        self.place = place
        self.detail = detail


def compile_rule(node: Mapping[str, Any], schema: Schema) -> Compiled:
    """The SQL of a rule tree. Raises UnableToCompileRule with the place of the first fault."""
    return _sql(_understood(node, schema, "rule", 0, [0], True))


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
    return {conditions.list_number(leaf.get("value")) for _, leaf in leaves(node) if leaf.get("field") == "list"}


# -- understanding a tree


def _understood(node: Any, schema: Schema, place: str, depth: int, count: list[int], holds: bool) -> Asked | _Group:
    """A tree, or its opposite, without a "not" above a single rule."""
    if not isinstance(node, Mapping):
        raise UnableToCompileRule("not_a_rule", place)
    if depth > MAX_DEPTH:
        raise UnableToCompileRule("too_deep", place)
    if "op" in node:
        return _group(node, schema, place, depth, count, holds)
    count[0] += 1
    if count[0] > MAX_LEAVES:
        raise UnableToCompileRule("too_many_rules", place)
    leaf = _leaf(node, schema, place)
    return leaf if holds else conditions.not_so(leaf)


def _group(
    node: Mapping[str, Any], schema: Schema, place: str, depth: int, count: list[int], holds: bool
) -> Asked | _Group:
    op, children = node["op"], node.get("rules")
    if op not in ("and", "or", "not") or not isinstance(children, Sequence) or isinstance(children, str):
        raise UnableToCompileRule("unknown_group", place, str(op))
    if not children:
        raise UnableToCompileRule("empty_group", place)
    every = (op == "or") != holds  # not (a or b) is not a and not b
    parts: list[Asked | _Group] = []
    for index, child in enumerate(children):
        part = _understood(child, schema, f"{place}.rules[{index}]", depth + 1, count, holds != (op == "not"))
        parts += part.parts if isinstance(part, _Group) and part.every == every else [part]
    return parts[0] if len(parts) == 1 else _Group(every, tuple(parts))


def _leaf(node: Mapping[str, Any], schema: Schema, place: str) -> Asked:
    name, test, value = str(node.get("field", "")), str(node.get("test", "")), node.get("value")
    known = schema.get(name)
    if known is None:
        raise UnableToCompileRule("unknown_field", place, name)
    if test not in TESTS[known.type]:
        raise UnableToCompileRule("unknown_test", place, test)
    if test not in conditions.WITHOUT_VALUE and (value is None or value == "" or value == []):
        raise UnableToCompileRule("missing_value", place, name)
    try:
        return conditions.asked(known, test, value)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise UnableToCompileRule("wrong_value", place, str(value)[:80]) from error


# -- as SQL


def _sql(part: Asked | _Group) -> Compiled:
    if isinstance(part, _Group):
        inner = [_sql(one) for one in part.parts]
        joined = (" AND " if part.every else " OR ").join(f"({one.sql})" for one in inner)
        return Compiled(joined, [value for one in inner for value in one.values])
    return _single(part)


def _single(one: Asked) -> Compiled:
    if isinstance(one, Condition):
        return Compiled(one.sql if one.holds else f"({one.sql}) IS NOT TRUE", list(one.values))
    rows = f"EXISTS (SELECT FROM {one.source} WHERE {one.person} = c.id AND {one.where})"
    return Compiled(rows if one.holds else f"NOT {rows}", list(one.values))

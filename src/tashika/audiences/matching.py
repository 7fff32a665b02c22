"""Who matches a segment, how many, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction

from tashika.audiences import conditions, rules, schema
from tashika.audiences.conditions import Field
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import Text, t

MEMORY = "128MB"  # to gather what stands in an "or": of ten million events it holds those that people did
TIMEOUT = 15_000  # milliseconds for a count; a segment that takes longer would hold up a publication

_THEIR_TAGS = "ARRAY(SELECT w.name FROM people_tagging g JOIN people_tag w ON w.id = g.tag_id WHERE g.contact_id = c.id ORDER BY 1)"
_WORDS: dict[str, Text] = {
    "not_a_rule": t("条件の形式が正しくありません。", "This is not a rule."),
    "too_deep": t("条件の入れ子が深すぎます。", "The rules are nested too deeply."),
    "too_many_rules": t("条件が多すぎます。", "There are too many rules."),
    "unknown_group": t("「すべて」「いずれか」「以外」のどれかにしてください。", "A group is all, any or none."),
    "empty_group": t("条件がひとつもありません。", "There is no rule in this group."),
    "unknown_field": t("この項目はありません。", "There is no such field."),
    "unknown_test": t("この項目では使えない条件です。", "This field has no such test."),
    "missing_value": t("値を入力してください。", "Give a value."),
    "wrong_value": t("値の形式が正しくありません。", "The value does not fit the field."),
}


class UnableToMatch(TashikaError):
    """The rule can't be understood, or takes too long; `where` is the place in the tree."""

    code = "unable_to_match"
    status = 422


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one rule holds for a contact. Groups carry the verdicts of their rules."""

    holds: bool
    op: str = ""
    field: str = ""
    test: str = ""
    value: Any = None
    actual: Any = None
    rules: tuple["Verdict", ...] = ()


def audience_sql(body: dict[str, Any], content_id: int | None = None) -> tuple[str, list[Any]]:
    """A SELECT of contact ids with its parameters. Raises UnableToMatch."""
    if body.get("static"):
        return "SELECT m.contact_id FROM audiences_static_member m WHERE m.content_id = %s", [content_id]
    compiled = condition(body.get("rule"))
    return f"SELECT c.id FROM people_contact c WHERE {compiled.sql}", compiled.values


def condition(rule: Any) -> rules.Compiled:
    """A rule as a condition over contact alias `c`. Raises UnableToMatch with the place."""
    try:
        return rules.compile_rule(rule or {"op": "and", "rules": []}, schema.schema())
    except rules.UnableToCompileRule as error:
        raise UnableToMatch(_WORDS[error.code], where=error.place) from error


def count(body: dict[str, Any], content_id: int | None = None) -> int:
    """How many contacts match. Raises UnableToMatch."""
    statement, values = audience_sql(body, content_id)
    rows = _rows(f"SELECT count(*) FROM ({statement}) chosen", values)
    return int(rows[0][0])


def sample(body: dict[str, Any], number: int, content_id: int | None = None) -> list[int]:
    """Some contacts that match."""
    statement, values = audience_sql(body, content_id)
    return [int(row[0]) for row in _rows(f"SELECT * FROM ({statement}) chosen LIMIT %s", [*values, number])]


def why(body: dict[str, Any], contact_id: int) -> Verdict:
    """Why a contact matches or not: the verdict of every rule, with the contact's own values. Raises
    UnableToMatch, NotFound."""
    condition(body.get("rule"))
    rule, known = body["rule"], schema.schema()
    columns = [column for _, leaf in rules.leaves(rule) for column in _questions(leaf, known)]
    selected = ", ".join(column.sql for column in columns)
    values = [value for column in columns for value in column.values]
    found = _rows(f"SELECT {selected} FROM people_contact c WHERE c.id = %s", [*values, contact_id])
    if not found:
        raise NotFound(t("見込み顧客がいません。", "There is no such contact."))
    return _verdict(rule, iter(found[0]))


def _questions(leaf: Mapping[str, Any], known: rules.Schema) -> tuple[rules.Compiled, rules.Compiled]:
    """Two columns for a rule: whether it holds for contact `c`, and what their own value is."""
    holds = rules.compile_rule(leaf, known)
    return rules.Compiled(f"coalesce({holds.sql}, false)", holds.values), _actual(leaf, known[leaf["field"]])


def _actual(leaf: Mapping[str, Any], field: Field) -> rules.Compiled:
    if field.sql:
        return rules.Compiled(field.sql)
    if field.type == "tag":
        return rules.Compiled(_THEIR_TAGS)
    if field.type == "activity":
        events = conditions.did({**leaf["value"], "days": None})
        newest = f"SELECT max(e.at) FROM {events.source} WHERE {events.person} = c.id AND {events.where}"
        return rules.Compiled(f"({newest})", list(events.values))
    return rules.Compiled("NULL")


def _verdict(node: Mapping[str, Any], answers: Iterator[Any]) -> Verdict:
    """From the rules up; `answers` are the columns, left to right."""
    if "op" not in node:
        holds, actual = bool(next(answers)), next(answers)
        return Verdict(holds, field=node["field"], test=node["test"], value=node.get("value"), actual=actual)
    inner = tuple(_verdict(child, answers) for child in node["rules"])
    every, some = all(one.holds for one in inner), any(one.holds for one in inner)
    return Verdict({"and": every, "or": some, "not": not some}[node["op"]], op=node["op"], rules=inner)


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT}; SET LOCAL work_mem = '{MEMORY}'")
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    except OperationalError as error:
        raise UnableToMatch(
            t("この条件は時間がかかりすぎます。", "This segment takes too long."),
            fix=t("条件を減らしてください。", "Use fewer or simpler rules."),
        ) from error

"""What one rule asks of a contact, as SQL. Pure: no Django, no database.

A rule about the contact's own values is a condition over alias `c`; one about what is kept elsewhere (tags, lists, what
they did, scenarios) names rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over contact alias `c` with its parameters. Where it is null it does not hold."""

    sql: str
    values: Sequence[Any] = ()
    holds: bool = True  # or that it does not


@dataclass(frozen=True, slots=True)
class Rows:
    """That there are rows about a contact: `source` is a FROM list, `person` its column with the contact's id."""

    source: str
    person: str
    where: str
    values: Sequence[Any] = ()
    holds: bool = True  # or that there are none


Asked = Condition | Rows


@dataclass(frozen=True, slots=True)
class Field:
    """A field that rules may ask about. `sql` is the expression over contact alias `c`. What a room below keeps has
    `rows` instead: the rows for a test and its value; it raises ValueError for a value that makes no sense."""

    name: str
    type: str  # a key of TESTS
    sql: str = ""
    choices: tuple[str, ...] = ()
    rows: Callable[[str, Any], Rows] | None = None


TESTS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is_not", "contains", "not_contains", "starts_with", "ends_with", "in", "is_empty", "is_not_empty"),
    "number": ("is", "is_not", "at_least", "at_most", "is_empty", "is_not_empty"),
    "date": ("is", "before", "after", "within_days", "within_next_days", "is_empty", "is_not_empty"),
    "moment": ("before", "after", "within_days"),
    "choice": ("is", "is_not", "in", "is_empty", "is_not_empty"),
    "multi_choice": ("has", "has_not", "is_empty", "is_not_empty"),
    "yes_no": ("is_yes", "is_no", "is_empty"),
    "tag": ("has", "has_not"),
    "list": ("in_list", "not_in_list"),
    "activity": ("did", "did_not"),
    "scenario": ("walks", "walks_not", "walked", "walked_not"),
}
WITHOUT_VALUE = {"is_empty", "is_not_empty", "is_yes", "is_no"}

ACTS: dict[str, tuple[str, ...]] = {  # what a rule calls it -> activity_event.kind
    "opened": ("opened",),
    "clicked": ("clicked",),
    "accepted": ("mail_accepted",),
    "bounced": ("bounced",),
    "complained": ("complained",),
    "opted_out": ("opted_out",),
    "form_sent": ("form_sent",),
    "page_visited": ("page_visited",),
    "document_downloaded": ("document_downloaded",),
    "any": ("opened", "clicked", "form_sent", "page_visited", "document_downloaded"),
}
CONTENT_OF = {"form_sent": "F", "page_visited": "L", "document_downloaded": "D"}  # letter of the ID


def asked(known: Field, test: str, value: Any) -> Asked:
    """What a test of a field asks. Raises ValueError, TypeError or KeyError for a value that does not fit."""
    if known.rows is not None:
        return known.rows(test, value)
    return _ASKED[known.type](known, test, value)


def not_so(one: Asked) -> Asked:
    """The opposite."""
    return replace(one, holds=not one.holds)


def did(value: Mapping[str, Any]) -> Rows:
    """The events of an act. `mail` (31 or M-31), `content` (F-1, L-2, D-3) and `days` narrow it down."""
    kinds, mail, content = ACTS[value["kind"]], value.get("mail"), value.get("content")
    where, values = "e.kind = ANY(%s)", list[Any]([list(kinds)])
    if mail:
        where += " AND e.mail_number = %s"
        values.append(int(str(mail).upper().removeprefix("M-")))
    if content:
        letter, _, number = str(content).upper().partition("-")
        if letter != CONTENT_OF.get(value["kind"]):
            raise ValueError(content)
        where += " AND e.detail ->> 'content' = %s"
        values.append(f"{letter}-{int(number)}")
    if value.get("days"):
        where += " AND e.at > now() - make_interval(days => %s)"
        values.append(_days(value["days"]))
    return Rows("activity_event e", "e.contact_id", where, values)


def list_number(value: Any) -> int:
    """5 of G-5. Raises ValueError."""
    return int(str(value).upper().removeprefix("G-"))


def _text(known: Field, test: str, value: Any) -> Condition:
    column = f"coalesce({known.sql}, '')"
    if test in ("is_empty", "is_not_empty"):
        return Condition(f"{column} = ''", holds=test == "is_empty")
    if test == "in":
        return Condition(f"{column} = ANY(%s)", [[_string(one) for one in _several(value)]])
    text = _string(value)
    if test in ("is", "is_not"):
        return Condition(f"{column} = %s", [text], test == "is")
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = {"starts_with": f"{escaped}%", "ends_with": f"%{escaped}"}.get(test, f"%{escaped}%")
    return Condition(f"{column} ILIKE %s", [pattern], test != "not_contains")


def _number(known: Field, test: str, value: Any) -> Condition:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    operator = {"at_least": ">=", "at_most": "<="}.get(test, "=")
    return Condition(f"({known.sql})::numeric {operator} %s", [float(value)], test != "is_not")


def _date(known: Field, test: str, value: Any) -> Condition:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    column = f"({known.sql})::date"
    if test == "within_days":
        return Condition(f"{column} BETWEEN current_date - %s AND current_date", [_days(value)])
    if test == "within_next_days":
        return Condition(f"{column} BETWEEN current_date AND current_date + %s", [_days(value)])
    operator = {"is": "=", "before": "<", "after": ">"}[test]
    return Condition(f"{column} {operator} %s", [date.fromisoformat(str(value))])


def _moment(known: Field, test: str, value: Any) -> Condition:
    if test == "within_days":
        return Condition(f"{known.sql} > now() - make_interval(days => %s)", [_days(value)])
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.astimezone()
    return Condition(f"{known.sql} {'<' if test == 'before' else '>'} %s", [moment])


def _choice(known: Field, test: str, value: Any) -> Condition:
    chosen = [_string(one) for one in _several(value)] if value is not None else []
    if known.choices and set(chosen) - set(known.choices):
        raise ValueError(chosen)
    return _text(known, test, value)


def _multi_choice(known: Field, test: str, value: Any) -> Condition:
    if test in ("is_empty", "is_not_empty"):
        return _presence(known, test)
    return Condition(f"{known.sql} @> to_jsonb(%s::text)", [_string(value)], test == "has")


def _yes_no(known: Field, test: str, value: Any) -> Condition:
    if test == "is_empty":
        return _presence(known, test)
    return Condition(f"({known.sql})::text = '{'true' if test == 'is_yes' else 'false'}'")


def _tag(known: Field, test: str, value: Any) -> Rows:
    # The tag's id is looked up first, so that the rows are taken by the index.
    where = "g.tag_id = (SELECT coalesce(w.leads_to_id, w.id) FROM people_tag w WHERE w.name = %s)"
    return Rows("people_tagging g", "g.contact_id", where, [_string(value)], test == "has")


def _list(known: Field, test: str, value: Any) -> Rows:
    where = "m.content_id = (SELECT k.id FROM contents_content k WHERE k.kind = 'segment' AND k.number = %s)"
    return Rows("audiences_static_member m", "m.contact_id", where, [list_number(value)], test == "in_list")


def _activity(known: Field, test: str, value: Any) -> Rows:
    return replace(did(value), holds=test == "did")


def _presence(known: Field, test: str) -> Condition:
    return Condition(f"{known.sql} IS NULL", holds=test == "is_empty")


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


_ASKED: dict[str, Callable[[Field, str, Any], Asked]] = {
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

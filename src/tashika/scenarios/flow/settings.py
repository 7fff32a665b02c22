"""The settings of each kind of node: what is wrong with them, and which contents they name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tashika.audiences import matching, schema
from tashika.contents.models import Kind
from tashika.core.text import Text, t
from tashika.people import setting
from tashika.scenarios.flow import nodes, timing
from tashika.scenarios.flow.nodes import Node

_ANY = datetime(2026, 1, 1, tzinfo=UTC)  # a moment to try a span on
_KIND_OF = {"M": Kind.MAIL, "F": Kind.FORM, "L": Kind.LANDING_PAGE, "D": Kind.DOCUMENT, "G": Kind.SEGMENT}
_CONTENT_OF = {  # setting -> kind of content it names
    "mail": Kind.MAIL,
    "segment": Kind.SEGMENT,
    "form": Kind.FORM,
    "page": Kind.LANDING_PAGE,
    "document": Kind.DOCUMENT,
    "add_to": Kind.SEGMENT,
    "remove_from": Kind.SEGMENT,
    "start": Kind.SCENARIO,
    "leave": Kind.SCENARIO,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one setting, and what to do."""

    field: str
    what: Text
    fix: Text
    severity: str = "error"


def faults(node: Node) -> list[Fault]:
    """Everything wrong with a node's own settings; whether the contents that it names are there is not looked at."""
    return list(_CHECKS[node.kind](node))


def names(node: Node) -> Iterator[tuple[str, str, str]]:
    """Setting, ID and kind of every content that a node names."""
    for name, kind in _CONTENT_OF.items():
        value = node[name]
        if isinstance(value, str) and value and _is_asked(node, name):
            yield name, value, kind
    letter = nodes.DECISIONS.get(str(node["did"])) if node.kind == nodes.DECISION else None
    if letter and isinstance(node["of"], str) and node["of"]:
        yield "of", node["of"], _KIND_OF[letter]


def entry_setting(on: str) -> str:
    """Which setting an entry asks for: the tag, the field, the content; empty where it asks for none."""
    if on in nodes.SIGNALS:
        return nodes.SIGNALS[on][1]
    return {"date": "field", "api": ""}.get(on, "segment")


def _is_asked(node: Node, setting: str) -> bool:
    """Whether a setting counts: an entry keeps what was chosen for another kind of entry."""
    return node.kind != nodes.ENTRY or setting == entry_setting(str(node["on"]))


def _choose(field: str, what: Text) -> Fault:
    return Fault(field, what, t("選んでください。", "Choose it."))


def _wrong(field: str) -> Fault:
    return Fault(
        field, t("値が正しくありません。", "This value is not valid."), t("入れ直してください。", "Give another.")
    )


def _entry(node: Node) -> Iterator[Fault]:
    on = node["on"]
    if on not in nodes.ENTRIES:
        yield _choose("on", t("何をきっかけに始めるかがありません。", "It does not say what lets people in."))
        return
    setting = entry_setting(on)
    if setting and not _is_text(node[setting]):
        yield _choose(setting, t("きっかけの対象がありません。", "It does not say of what."))
    if on == "segment_at" and node["at"] is not None:
        yield from _unless("at", lambda: timing.moment(node["at"]))
    if on in ("every", "date"):
        yield from _unless("time", lambda: timing.clock_time(node["time"]))
    if on == "every" and not _are_weekdays(node["weekdays"]):
        yield _choose("weekdays", t("曜日がありません。", "There is no weekday."))
    if on == "date" and (type(node["days"]) is not int or abs(node["days"]) > timing.MOST_DAYS):
        yield _wrong("days")
    if on in ("date", "field_changed") and _is_text(node["field"]) and node["field"] not in schema.schema():
        yield _choose("field", t("この項目はありません。", "There is no such field."))


def _mail(node: Node) -> Iterator[Fault]:
    if not _is_text(node["mail"]):
        yield _choose("mail", t("送るメールがありません。", "There is no mail."))


def _wait(node: Node) -> Iterator[Fault]:
    wait = node["wait"]
    if not isinstance(wait, Mapping) or not wait:
        yield _choose("wait", t("どれだけ待つかがありません。", "It does not say how long."))
        return
    yield from _unless("wait", lambda: timing.wait_ends(wait, None, _ANY))
    if node["window"] is not None:
        yield from _unless("window", lambda: timing.window_of(node["window"]))


def _decision(node: Node) -> Iterator[Fault]:
    if node["did"] not in nodes.DECISIONS:
        yield _choose("did", t("何をしたかがありません。", "It does not say what they do."))
    if not _is_text(node["of"]):
        yield _choose("of", t("対象がありません。", "It does not say of what."))
    yield from _span("within", node["within"])


def _span(field: str, span: Any) -> Iterator[Fault]:
    if not isinstance(span, Mapping) or len(span) != 1:
        yield _choose(field, t("期限がありません。", "There is no span of time."))
        return
    yield from _unless(field, lambda: timing.after(span, _ANY))


def _condition(node: Node) -> Iterator[Fault]:
    yield from _rule("rule", node["rule"], needed=True)


def _rule(field: str, rule: Any, *, needed: bool = False) -> Iterator[Fault]:
    if rule is None and not needed:
        return
    try:
        matching.condition(rule)
    except matching.UnableToMatch as error:
        what = error.what if isinstance(error.what, Text) else t(str(error.what), str(error.what))
        yield Fault(field, what, t("条件を直してください。", "Mend the rule."))


def _split(node: Node) -> Iterator[Fault]:
    if type(node["share"]) is not int or not 0 < node["share"] < 100:
        yield _wrong("share")
    winner = node["winner"]
    if winner is not None:
        if not isinstance(winner, Mapping) or winner.get("by") not in ("opened", "clicked"):
            yield _wrong("winner")
        else:
            yield from _span("winner", winner.get("after"))


def _tag(node: Node) -> Iterator[Fault]:
    words = [*_list(node["add"]), *_list(node["remove"])]
    if not words:
        yield _choose("add", t("タグがありません。", "There is no tag."))
    elif not all(_is_text(word) and len(word) <= 100 for word in words):
        yield _wrong("add")


def _field(node: Node) -> Iterator[Fault]:
    name = node["field"]
    if not isinstance(name, str) or name not in setting.settable():
        yield _choose("field", t("変える項目がありません。", "There is no field to set."))
    if not isinstance(node["value"], str) or len(node["value"]) > 300:
        yield _wrong("value")


def _score(node: Node) -> Iterator[Fault]:
    add, rank = node["add"], node["rank"]
    if add is None and not rank:
        yield _choose("add", t("点数もランクもありません。", "There is neither score nor rank."))
    if add is not None and (type(add) is not int or abs(add) > 100_000):
        yield _wrong("add")
    if rank is not None and (not isinstance(rank, str) or len(rank) > 20):
        yield _wrong("rank")


def _static_list(node: Node) -> Iterator[Fault]:
    if not _is_text(node["add_to"]) and not _is_text(node["remove_from"]):
        yield _choose("add_to", t("リストがありません。", "There is no list."))


def _opt_out(node: Node) -> Iterator[Fault]:
    return iter(())


def _notify(node: Node) -> Iterator[Fault]:
    yield from _mail(node)
    to = node["to"]
    people = to.get("users") if isinstance(to, Mapping) else None
    if not (
        isinstance(to, Mapping) and (to.get("owner") is True or (people and all(type(one) is int for one in people)))
    ):
        yield _choose("to", t("知らせる相手がいません。", "There is nobody to tell."))


def _webhook(node: Node) -> Iterator[Fault]:
    url = node["url"]
    parts = urlsplit(url) if isinstance(url, str) and len(url) <= 1000 else None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        yield _wrong("url")


def _scenario(node: Node) -> Iterator[Fault]:
    if not _is_text(node["start"]) and not _is_text(node["leave"]):
        yield _choose("start", t("シナリオがありません。", "There is no scenario."))


def _flow(node: Node) -> Iterator[Fault]:
    yield from _rule("goal", node["goal"])
    yield from _rule("exit", node["exit"])
    cap = node["cap"]
    if cap is not None and not (_is_number(cap.get("mails"), 1000) and _is_number(cap.get("days"), 366)):
        yield _wrong("cap")


def _is_number(value: Any, most: int) -> bool:
    return type(value) is int and 0 < value <= most


def _unless(field: str, reading: Callable[[], object]) -> Iterable[Fault]:
    try:
        reading()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return [_wrong(field)]
    return []


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _are_weekdays(value: Any) -> bool:
    return bool(_list(value)) and all(type(one) is int and 0 <= one <= 6 for one in value)


_CHECKS: dict[str, Callable[[Node], Iterator[Fault]]] = {
    nodes.ENTRY: _entry,
    nodes.MAIL: _mail,
    nodes.WAIT: _wait,
    nodes.DECISION: _decision,
    nodes.CONDITION: _condition,
    nodes.SPLIT: _split,
    nodes.TAG: _tag,
    nodes.FIELD: _field,
    nodes.SCORE: _score,
    nodes.LIST: _static_list,
    nodes.OPT_OUT: _opt_out,
    nodes.NOTIFY: _notify,
    nodes.WEBHOOK: _webhook,
    nodes.SCENARIO: _scenario,
    "flow": _flow,
}

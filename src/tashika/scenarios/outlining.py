"""What stands in a scenario, in words: a broadcast by its settings, a flow by its nodes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tashika.audiences import wording
from tashika.contents import queries as contents
from tashika.contents.outlines import Branch, Part
from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.core.text import Text, t
from tashika.delivery import queries as delivery
from tashika.scenarios.flow.nodes import WORDS

_SETTINGS: dict[str, Text] = {
    "on": t("きっかけ", "On"),
    "segment": t("セグメント", "Segment"),
    "mail": t("メール", "Mail"),
    "form": t("フォーム", "Form"),
    "page": t("ランディングページ", "Landing page"),
    "document": t("資料", "Document"),
    "tag": t("タグ", "Tag"),
    "field": t("項目", "Field"),
    "at": t("時刻", "At"),
    "minutes": t("分", "Minutes"),
    "hours": t("時間", "Hours"),
    "days": t("日", "Days"),
    "business_days": t("営業日", "Business days"),
    "weekday": t("曜日（0=月）", "Weekday (0 = Monday)"),
    "begins": t("始まり", "From"),
    "ends": t("終わり", "Until"),
    "holidays": t("祝日も", "Holidays too"),
    "by": t("基準", "By"),
    "after": t("いつ", "After"),
    "owner": t("担当者", "Owner"),
    "users": t("メンバー", "Members"),
    "time": t("時刻", "Time"),
    "weekdays": t("曜日", "Weekdays"),
    "wait": t("待つ長さ", "How long"),
    "window": t("時間帯", "Window"),
    "did": t("何をしたか", "What they do"),
    "of": t("対象", "Of"),
    "within": t("期限", "Within"),
    "share": t("aに進む割合（%）", "Share that goes to a (%)"),
    "winner": t("勝者の決め方", "Winner"),
    "add": t("加える", "Add"),
    "remove": t("外す", "Remove"),
    "value": t("値", "Value"),
    "rank": t("ランク", "Rank"),
    "add_to": t("加えるリスト", "Add to"),
    "remove_from": t("外すリスト", "Remove from"),
    "to": t("宛先", "To"),
    "url": t("URL", "URL"),
    "start": t("始めるシナリオ", "Start"),
    "leave": t("抜けるシナリオ", "Leave"),
}
_RE_ENTRY: dict[str, Text] = {
    "never": t("一人一度だけ", "Once a person"),
    "after_leaving": t("抜けたあとは何度でも", "Again after leaving"),
}
_BRANCHES: dict[str, Text] = {"": t("次", "Next"), "yes": t("はい", "Yes"), "no": t("いいえ", "No")}


def outline(draft: Mapping[str, Any]) -> list[Part]:
    """The parts of a scenario's draft."""
    return _flow(draft) if draft.get("type") == "flow" else _broadcast(draft)


def _broadcast(draft: Mapping[str, Any]) -> list[Part]:
    at_once = t("公開したらすぐに", "As soon as it is published")
    return [
        Part("type", str(t("種類", "Kind")), str(t("一斉配信", "Broadcast"))),
        Part("segment", str(t("相手", "Audience")), _named(draft.get("segment"))),
        Part("mail", str(t("メール", "Mail")), _named(draft.get("mail"))),
        Part("send_at", str(t("送る時", "When")), _moment(draft.get("send_at")) or str(at_once)),
        Part("relay", str(t("送信サーバー", "Relay")), _relay(draft.get("relay"))),
    ]


def _flow(draft: Mapping[str, Any]) -> list[Part]:
    nodes = [node for node in draft.get("nodes") or [] if isinstance(node, Mapping)]
    titles = {str(node.get("id")): _title(node) for node in nodes}
    cap = draft.get("cap")
    capped = t("{days}日に{mails}通まで", "{mails} mails in {days} days", **cap) if isinstance(cap, Mapping) else ""
    entry = str(draft.get("re_entry") or "never")
    return [
        Part("type", str(t("種類", "Kind")), str(t("フロー", "Flow"))),
        *(_node(node, titles) for node in nodes),
        Part("re_entry", str(t("もう一度入れるか", "Re-entry")), str(_RE_ENTRY.get(entry, entry))),
        wording.rule_part("goal", t("目標", "Goal"), draft.get("goal")),
        wording.rule_part("exit", t("抜ける条件", "Exit"), draft.get("exit")),
        Part("cap", str(t("メールの上限", "Cap on mails")), str(capped)),
        Part("relay", str(t("送信サーバー", "Relay")), _relay(draft.get("relay"))),
    ]


def _node(node: Mapping[str, Any], titles: Mapping[str, str]) -> Part:
    """A node: its settings and where its branches lead. Where it stands on the canvas is not what it does."""
    known = {"id", "kind", "name", "x", "y", "next", "rule"}
    lines = [f"{_SETTINGS.get(key, key)}: {_setting(key, found)}" for key, found in node.items() if key not in known]
    ways = node.get("next")
    for way, to in ways.items() if isinstance(ways, Mapping) else ():
        lines.append(f"{_BRANCHES.get(way, way)} → {titles.get(str(to), to)}")
    rule = node.get("rule")
    branch: Branch | None = wording.branch(rule) if isinstance(rule, Mapping) and rule else None
    key = str(node.get("id"))
    return Part(f"node:{key}", titles[key], "\n".join(lines), branch)


def _title(node: Mapping[str, Any]) -> str:
    kind, name = str(node.get("kind")), str(node.get("name") or "")
    words = f"{WORDS.get(kind, kind)}" + (f" {name}" if name else "")
    return f"{words} [{node.get('id')}]"


def _setting(key: str, found: Any) -> str:
    """A setting's value: an ID with its name, a moment, or what stands in it."""
    if isinstance(found, Mapping):
        return ", ".join(f"{_SETTINGS.get(inner, inner)} {_setting(inner, one)}" for inner, one in found.items())
    if isinstance(found, list):
        return ", ".join(str(one) for one in found)
    if key == "at":
        return _moment(found) or str(t("公開したとき", "at publishing"))
    return _named(found) if isinstance(found, str) else str(found)


def _named(public_id: Any) -> str:
    """An ID with the name that it has now; anything else as it stands."""
    words = str(public_id or "")
    try:
        content = contents.by_public_id(words)
    except NotFound:
        return words
    return f"{content.public_id} {content.name}" if content.public_id == words else words


def _moment(words: Any) -> str:
    try:
        return clock.in_words(datetime.fromisoformat(words)) if words else ""
    except (TypeError, ValueError):
        return str(words)


def _relay(key: Any) -> str:
    if not key:
        return str(t("標準", "Default"))
    return next((relay.name for relay in delivery.relays() if relay.pk == key), f"#{key}")

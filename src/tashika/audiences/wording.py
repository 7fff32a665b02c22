"""Rules in words: for editors, differences and versions."""

from collections.abc import Mapping
from typing import Any

from tashika.audiences import schema
from tashika.contents.outlines import Branch, Part
from tashika.core.text import Text, t

TESTS: dict[str, Text] = {
    "is": t("が次と同じ", "is"),
    "is_not": t("が次と違う", "is not"),
    "contains": t("に次を含む", "contains"),
    "not_contains": t("に次を含まない", "does not contain"),
    "starts_with": t("が次で始まる", "starts with"),
    "ends_with": t("が次で終わる", "ends with"),
    "in": t("が次のどれか", "is one of"),
    "is_empty": t("が空", "is empty"),
    "is_not_empty": t("が空でない", "is not empty"),
    "at_least": t("が次以上", "at least"),
    "at_most": t("が次以下", "at most"),
    "before": t("が次より前", "before"),
    "after": t("が次より後", "after"),
    "within_days": t("が過去の次の日数以内", "in the last days"),
    "within_next_days": t("が今後の次の日数以内", "in the next days"),
    "has": t("がついている", "has"),
    "has_not": t("がついていない", "has not"),
    "in_list": t("に入っている", "is on"),
    "not_in_list": t("に入っていない", "is not on"),
    "did": t("をした", "did"),
    "did_not": t("をしていない", "did not"),
    "walks": t("を進んでいる", "walks"),
    "walks_not": t("を進んでいない", "does not walk"),
    "walked": t("に入ったことがある", "has been in"),
    "walked_not": t("に入ったことがない", "has never been in"),
    "is_yes": t("が「はい」", "is yes"),
    "is_no": t("が「いいえ」", "is no"),
}
GROUPS: dict[str, Text] = {
    "and": t("すべてに当てはまる", "All of these"),
    "or": t("どれかに当てはまる", "Any of these"),
    "not": t("どれにも当てはまらない", "None of these"),
}
ACTS: dict[str, Text] = {
    "opened": t("メールを開く", "opened a mail"),
    "clicked": t("リンクをクリック", "clicked a link"),
    "accepted": t("メールが届く", "got a mail"),
    "bounced": t("メールが戻る", "bounced"),
    "complained": t("迷惑メールと申告", "complained"),
    "opted_out": t("配信停止", "opted out"),
    "form_sent": t("フォームを送信", "sent a form"),
    "page_visited": t("ページを訪問", "visited a page"),
    "document_downloaded": t("資料をダウンロード", "downloaded a document"),
    "any": t("何らかの行動", "any activity"),
}
VALUE_FIRST = ("tag", "list", "activity", "scenario")  # fields whose value reads before the test in Japanese


def outline(draft: Mapping[str, Any]) -> list[Part]:
    """A segment: its rule by branch, or that it is a list. Who is on a list is not part of its draft."""
    if draft.get("static"):
        return [Part("rule", str(t("種類", "Kind")), str(t("静的リスト", "Static list")))]
    return [rule_part("rule", t("条件", "Rule"), draft.get("rule"))]


def rule_part(key: str, label: Text, rule: Any) -> Part:
    """A rule as a part of an outline; nothing where there is none."""
    return Part(key, str(label), branch=branch(rule) if isinstance(rule, Mapping) and rule else None)


def branch(node: Mapping[str, Any], labels: Mapping[str, Text | str] | None = None) -> Branch:
    """A rule tree in words. What can't be understood is shown as it stands."""
    known = schema.labels() if labels is None else labels
    if "op" in node:
        inner = [one for one in node.get("rules") or [] if isinstance(one, Mapping)]
        words = str(GROUPS.get(str(node["op"]), node["op"]))
        return Branch(words, "group", tuple(branch(one, known) for one in inner))
    name = str(node.get("field", ""))
    return Branch(leaf(node, known), name)


def leaf(node: Mapping[str, Any], labels: Mapping[str, Text | str]) -> str:
    """One rule: field, test and value, in the order of the language."""
    name, test = str(node.get("field", "")), str(node.get("test", ""))
    words = [str(labels.get(name, name)), str(TESTS.get(test, test))]
    shown = value(node.get("value"))
    if shown:
        words.insert(1 if name in VALUE_FIRST else 2, shown)
    return " ".join(words)


def value(found: Any) -> str:
    """A value as people read it: 「青葉」, 「青葉」「東都」, or what a person did."""
    if found is None or found == "":
        return ""
    if isinstance(found, list):
        return "".join(value(one) for one in found)
    if isinstance(found, Mapping):
        return _scenario(found) if "scenario" in found else _activity(found)
    return str(t("「{value}」", "“{value}”", value=found))


def _activity(found: Mapping[str, Any]) -> str:
    act = ACTS.get(str(found.get("kind")), str(found.get("kind", "")))
    mail = str(found.get("mail") or "")
    days = t("{n}日以内", "within {n} days", n=found["days"]) if found.get("days") else ""
    number = mail if mail.startswith("M-") or not mail else f"M-{mail}"
    return " ".join(str(one) for one in (act, number, found.get("content") or "", days) if str(one))


def _scenario(found: Mapping[str, Any]) -> str:
    node = found.get("node")
    return f"{found['scenario']}" + (str(t("（{node}）", " ({node})", node=node)) if node else "")

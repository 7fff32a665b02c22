"""Nodes of a flow. Pure: no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tashika.core.text import Text, t

ENTRY, MAIL, WAIT, DECISION, CONDITION, SPLIT = "entry", "mail", "wait", "decision", "condition", "split"
TAG, FIELD, SCORE, LIST, OPT_OUT = "tag", "field", "score", "list", "opt_out"
NOTIFY, WEBHOOK, SCENARIO = "notify", "webhook", "scenario"

_ONE, _YES_NO, _A_B = ("",), ("yes", "no"), ("a", "b")
BRANCHES: dict[str, tuple[str, ...]] = {
    ENTRY: _ONE,
    MAIL: _ONE,
    WAIT: _ONE,
    DECISION: _YES_NO,
    CONDITION: _YES_NO,
    SPLIT: _A_B,
    TAG: _ONE,
    FIELD: _ONE,
    SCORE: _ONE,
    LIST: _ONE,
    OPT_OUT: _ONE,
    NOTIFY: _ONE,
    WEBHOOK: _ONE,
    SCENARIO: _ONE,
}
ACTIONS = (MAIL, NOTIFY, TAG, FIELD, SCORE, LIST, OPT_OUT, WEBHOOK, SCENARIO)
WORDS: dict[str, Text] = {
    ENTRY: t("開始", "Entry"),
    MAIL: t("メール", "Mail"),
    WAIT: t("待つ", "Wait"),
    DECISION: t("決定", "Decision"),
    CONDITION: t("条件", "Condition"),
    SPLIT: t("A/Bに分ける", "Split"),
    TAG: t("タグづけ", "Tagging"),
    FIELD: t("項目を変える", "Set a field"),
    SCORE: t("スコア・ランク", "Score, rank"),
    LIST: t("静的リスト", "Static list"),
    OPT_OUT: t("配信停止にする", "Opt out"),
    NOTIFY: t("お知らせメール", "Staff notification"),
    WEBHOOK: t("Webhook", "Webhook"),
    SCENARIO: t("ほかのシナリオ", "Another scenario"),
}

# How an entry is named in a draft, and what it lets in by. Those that are heard of as they happen have a signal.
SIGNALS: dict[str, tuple[str, str]] = {  # on -> signal's kind, setting that names its subject
    "tag_added": ("tag_added", "tag"),
    "tag_removed": ("tag_removed", "tag"),
    "field_changed": ("field_changed", "field"),
    "mail_opened": ("opened", "mail"),
    "mail_clicked": ("clicked", "mail"),
    "form_sent": ("form_sent", "form"),
    "page_visited": ("page_visited", "page"),
    "document_downloaded": ("document_downloaded", "document"),
}
LOOKS = ("segment_at", "segment_entered", "segment_left", "every", "date")  # found by looking, at a time
ENTRIES = (*SIGNALS, *LOOKS, "api")
DECISIONS = {  # did -> letter of the content that `of` names
    "opened": "M",
    "clicked": "M",
    "form_sent": "F",
    "page_visited": "L",
    "document_downloaded": "D",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `settings` are its own entries of the draft; `next` leads from a branch to a node's id."""

    id: str
    kind: str
    next: Mapping[str, str]
    settings: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.settings.get(name)


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole flow, every node after those that lead to it."""

    nodes: Mapping[str, Node]
    re_entry: str
    goal: Mapping[str, Any] | None
    exit: Mapping[str, Any] | None
    cap: Mapping[str, int] | None
    relay: int | None

    @property
    def entry(self) -> Node | None:
        """Where people begin; None in an unfinished draft."""
        return next((node for node in self.nodes.values() if node.kind == ENTRY), None)

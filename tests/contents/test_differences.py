"""Differences that people can read: text by line with the words marked, rules by branch, scenarios by node."""

import time
from typing import Any

import pytest

from tashika.audiences import wording
from tashika.contents import differences, marking
from tashika.contents.marking import Line
from tashika.contents.outlines import Part
from tashika.mails import outlining as mails
from tashika.scenarios import outlining as scenarios


def shown(lines: list[Line]) -> list[str]:
    """Lines as marks: - gone, + new, [words that differ]."""
    signs = {"gone": "-", "new": "+", "same": " ", "skipped": "…"}
    return [
        signs[line.kind]
        + "  " * line.depth
        + (str(line.skipped) if line.skipped else "")
        + "".join(one.text if one.kind == "same" else f"[{one.text}]" for one in line.pieces)
        for line in lines
    ]


def test_the_words_that_differ_are_marked_in_japanese_too() -> None:
    lines = marking.between("前の行\n価格は1,000円です。\n後の行", "前の行\n価格は2,000円です。\n後の行")
    assert shown(lines) == [" 前の行", "-価格は[1],000円です。", "+価格は[2],000円です。", " 後の行"]


def test_what_stays_is_left_out_but_for_the_lines_around() -> None:
    before = "\n".join(f"行{n}" for n in range(20))
    lines = shown(marking.between(before, before.replace("行10", "行十")))
    assert lines[0] == "…8" and lines[-1] == "…7"
    assert len([line for line in lines if line.startswith(" ")]) == 4


def test_lines_with_nothing_in_common_are_replaced_whole() -> None:
    assert shown(marking.between("こんにちは", "ABCDE")) == ["-[こんにちは]", "+[ABCDE]"]


def test_a_very_long_text_of_other_lines_is_compared_within_a_second() -> None:
    begun = time.monotonic()
    lines = marking.between("\n".join(f"a{n}" for n in range(5000)), "\n".join(f"b{n}" for n in range(5000)))
    assert len(lines) == 10_000
    assert marking.between("x " * 200_000, "y " * 200_000)
    assert time.monotonic() - begun < 1


def test_the_same_text_has_no_difference() -> None:
    assert marking.between("同じ\n行", "同じ\n行") == []


RULE: dict[str, Any] = {
    "op": "and",
    "rules": [
        {"field": "prefecture", "test": "is", "value": "東京都"},
        {"field": "company_name", "test": "contains", "value": "精機"},
        {"op": "or", "rules": [{"field": "tag", "test": "has", "value": "展示会"}]},
    ],
}


@pytest.mark.django_db
def test_a_rule_is_compared_by_branch() -> None:
    changed = {
        "op": "or",
        "rules": [
            {"field": "prefecture", "test": "is", "value": "大阪府"},
            {
                "op": "or",
                "rules": [{"field": "tag", "test": "has", "value": "展示会"}, {"field": "email", "test": "is_empty"}],
            },
        ],
    }
    change = differences.between(wording.outline({"rule": RULE}), wording.outline({"rule": changed}))[0]
    assert change.label == "条件" and change.kind == "changed"
    assert shown(change.lines) == [
        "-[すべてに]当てはまる",
        "+[どれかに]当てはまる",
        "-  都道府県 が次と同じ 「[東京都]」",
        "+  都道府県 が次と同じ 「[大阪府]」",
        "-  [会社名 に次を含む 「精機」]",
        "   どれかに当てはまる",
        "     タグ 「展示会」 がついている",
        "+    [メールアドレス が空]",
    ]


FLOW: dict[str, Any] = {
    "type": "flow",
    "nodes": [
        {"id": "n1", "kind": "entry", "name": "", "x": 0, "y": 0, "on": {"tag_added": "x"}, "next": {"": "n2"}},
        {"id": "n2", "kind": "wait", "name": "", "x": 0, "y": 9, "wait": {"business_days": 3}, "next": {"": "n3"}},
        {"id": "n3", "kind": "condition", "name": "東京", "x": 0, "y": 9, "rule": RULE, "next": {}},
    ],
    "re_entry": "never",
}


@pytest.mark.django_db
def test_a_flow_is_compared_by_node_and_its_place_on_the_canvas_is_no_difference() -> None:
    nodes = FLOW["nodes"]
    moved = {**FLOW, "nodes": [{**node, "x": 500} for node in nodes]}
    assert differences.between(scenarios.outline(FLOW), scenarios.outline(moved)) == []
    changed = {
        **FLOW,
        "re_entry": "after_leaving",
        "nodes": [
            nodes[0],
            {**nodes[1], "wait": {"business_days": 5}, "next": {"": "n4"}},
            {"id": "n4", "kind": "opt_out", "name": "", "x": 0, "y": 0, "next": {}},
        ],
    }
    found = differences.between(scenarios.outline(FLOW), scenarios.outline(changed))
    assert [(one.key, one.kind) for one in found] == [
        ("node:n2", "changed"),
        ("node:n4", "new"),
        ("re_entry", "changed"),
        ("node:n3", "gone"),
    ]
    waits, leads = shown(found[0].lines)[:2], shown(found[0].lines)[2:]
    assert waits == ["-待つ長さ: 営業日 [3]", "+待つ長さ: 営業日 [5]"]
    assert "条件 東京" in leads[0].replace("[", "").replace("]", "") and "n4" in leads[1]


def test_a_part_that_came_or_went_is_shown_whole() -> None:
    found = differences.between([Part("a", "甲", "一\n二")], [Part("b", "乙", "三")])
    assert [(one.key, one.kind, shown(one.lines)) for one in found] == [
        ("b", "new", ["+[三]"]),
        ("a", "gone", ["-[一]", "-[二]"]),
    ]


def test_a_mail_says_which_part_changed() -> None:
    before = {"subject": "秋のご案内", "format": "text", "text": "一行目\n二行目", "track_opens": True}
    after = {**before, "subject": "冬のご案内", "text": "一行目\n三行目", "track_opens": False}
    found = differences.between(mails.outline(before), mails.outline(after))
    assert [one.label for one in found] == ["件名", "開封を数える", "テキスト"]

"""What the editor of rules (rules.js) asks for, on a segment's page and in a scenario's dialog."""

from typing import Any

from tashika.audiences import rules, schema
from tashika.audiences.conditions import CONTENT_OF
from tashika.audiences.wording import ACTS, TESTS
from tashika.contents import queries as contents
from tashika.contents.models import LETTERS, Content, Kind
from tashika.core.text import Text, t
from tashika.people import queries as people
from tashika.scenarios.flow.nodes import WORDS

_WORDS: dict[str, Text] = {
    "and": t("すべてに当てはまる", "all of these"),
    "or": t("どれかに当てはまる", "any of these"),
    "not": t("どれにも当てはまらない", "none of these"),
    "addRule": t("条件を追加", "Add a rule"),
    "addGroup": t("グループを追加", "Add a group"),
    "remove": t("削除", "Remove"),
    "people": t("人", "people"),
    "saved": t("保存しました", "Saved"),
    "any": t("どのメールでも", "any mail"),
    "anyContent": t("どれでも", "any of them"),
    "anyNode": t("どこでも", "anywhere in it"),
    "days": t("日以内", "days"),
    "choose": t("選んでください", "Choose"),
}


def editor_data(*asked: dict[str, Any] | None) -> dict[str, Any]:
    """Fields, tests and everything that a rule can name. `asked`: rules whose archived fields are offered all the same."""
    known, labels = schema.schema(), schema.labels()
    offered = {name for rule in (*asked, {"op": "and"}) if rule for name in _offered(rule)}
    return {
        "fields": [
            {
                "name": name,
                "label": str(labels[name]),
                "type": known[name].type,
                "choices": list(known[name].choices),
            }
            for name in known
            if name in offered
        ],
        "tests": {kind: [[test, str(TESTS[test])] for test in tests] for kind, tests in rules.TESTS.items()},
        "tags": [tag.name for tag in people.tags()],
        "lists": [[one.public_id, one.name] for one in contents.of_kind(Kind.SEGMENT) if one.draft.get("static")],
        "mails": [[one.number, f"{one.public_id} {one.name}"] for one in contents.of_kind(Kind.MAIL)],
        "acts": [[kind, str(words), _about(kind)] for kind, words in ACTS.items()],
        "contents": {letter: _named(kind) for kind, letter in LETTERS.items() if letter in CONTENT_OF.values()},
        "scenarios": [
            [one.public_id, f"{one.public_id} {one.name}", _nodes(one)] for one in contents.of_kind(Kind.SCENARIO)
        ],
        "words": {key: str(words) for key, words in _WORDS.items()},
    }


def _about(act: str) -> str:
    """The letter of the contents that an act is about; "" for one that is about none."""
    return CONTENT_OF.get(act) or ("M" if act in ("opened", "clicked", "accepted", "bounced", "complained") else "")


def _named(kind: str) -> list[list[str]]:
    return [[one.public_id, f"{one.public_id} {one.name}"] for one in contents.of_kind(kind)]


def _nodes(scenario: Content) -> list[list[str]]:
    """The nodes of a flow's draft, which may be half made."""
    found = scenario.draft.get("nodes")
    drawn = [one for one in found if isinstance(one, dict) and one.get("id")] if isinstance(found, list) else []
    return [[str(one["id"]), f"{one['id']} {WORDS.get(str(one.get('kind')), '')}"] for one in drawn]


def _offered(rule: dict[str, Any]) -> list[str]:
    """The fields for a rule; a draft that came from elsewhere may hold anything."""
    try:
        return schema.offered(rule)
    except (TypeError, AttributeError, ValueError):
        return schema.offered({"op": "and"})

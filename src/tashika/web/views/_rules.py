"""What the editor of rules (rules.js) asks for, on a segment's page and in a scenario's dialog."""

from typing import Any

from tashika.audiences import rules, schema
from tashika.audiences.wording import TESTS
from tashika.contents import queries as contents
from tashika.contents.models import Kind
from tashika.core.text import Text, t
from tashika.people import queries as people

_WORDS: dict[str, Text] = {
    "and": t("すべてに当てはまる", "all of these"),
    "or": t("どれかに当てはまる", "any of these"),
    "not": t("どれにも当てはまらない", "none of these"),
    "addRule": t("条件を追加", "Add a rule"),
    "addGroup": t("グループを追加", "Add a group"),
    "remove": t("削除", "Remove"),
    "people": t("人", "people"),
    "saved": t("保存しました", "Saved"),
    "opened": t("メールを開く", "opened a mail"),
    "clicked": t("リンクをクリック", "clicked a link"),
    "accepted": t("メールが届く", "got a mail"),
    "any": t("どのメールでも", "any mail"),
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
        "words": {key: str(words) for key, words in _WORDS.items()},
    }


def _offered(rule: dict[str, Any]) -> list[str]:
    """The fields for a rule; a draft that came from elsewhere may hold anything."""
    try:
        return schema.offered(rule)
    except (TypeError, AttributeError, ValueError):
        return schema.offered({"op": "and"})

"""What the canvas begins with: the draft, its problems, names of what it uses, figures."""

import re
from typing import Any

from tashika.accounts.models import User
from tashika.contents.models import LETTERS, Content
from tashika.delivery import queries as delivery
from tashika.people import setting
from tashika.scenarios.flow import figures, reading
from tashika.web.views import _rules

_KINDS = {letter: kind for kind, letter in LETTERS.items()}
_PUBLIC_ID = re.compile(r"([SGMLFD])-(\d{1,9})")


def page_data(content: Content, draft: dict[str, Any], *, editable: bool, counts: bool = False) -> dict[str, Any]:
    """What the canvas begins with. `counts`: with the people at each node."""
    found = reading.accepted(draft)
    return {
        "id": content.public_id,
        "name": content.name,
        "draft": found,
        "revision": content.draft_revision,
        "editable": editable,
        "problems": problems(found) if editable else [],
        "figures": node_figures(content) if counts else None,
        "names": _names(found),
        "settable": setting.settable(),
        "rules": _rules.editor_data(*_rules_of(found)),
        "relays": [{"id": relay.pk, "name": relay.name} for relay in delivery.relays() if relay.confirmed_at],
        "urls": {
            "save": f"/scenarios/{content.public_id}/draft",
            "copy": "/scenarios/drafts",
            "choices": "/scenarios/choices",
            "count": "/segments/count",
            "events": "",
        },
    }


def node_figures(content: Content) -> dict[str, dict[str, int]]:
    """How many people are at each node now, went on, left, failed."""
    return {
        node: {"here": one.here, "passed": one.passed, "left": one.left, "failed": one.failed}
        for node, one in figures.of(content).items()
    }


def problems(draft: dict[str, Any]) -> list[dict[str, str]]:
    """What is wrong with a draft, node by node, as the canvas marks it."""
    return [
        {
            "node": one.node,
            "field": one.field,
            "severity": one.severity,
            "what": str(one.what),
            "fix": str(one.fix),
        }
        for one in reading.problems(draft)
    ]


def _names(draft: dict[str, Any]) -> dict[str, str]:
    """What the IDs in a draft stand for: contents and people."""
    named: dict[str, set[int]] = {}
    for node in draft["nodes"]:
        for value in node.values():
            if isinstance(value, str) and (match := _PUBLIC_ID.fullmatch(value)):
                named.setdefault(_KINDS[match[1]], set()).add(int(match[2]))
    found = {
        one.public_id: one.name
        for kind, numbers in named.items()
        for one in Content.objects.filter(kind=kind, number__in=numbers)
    }
    people = {f"user:{one.pk}": one.name or one.email for one in User.objects.filter(is_active=True)}
    return found | people


def _rules_of(draft: dict[str, Any]) -> list[dict[str, Any] | None]:
    rules = [draft["goal"], draft["exit"], *(node.get("rule") for node in draft["nodes"])]
    return [rule for rule in rules if isinstance(rule, dict)]

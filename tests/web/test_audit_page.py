"""The audit trail reads as sentences, in both languages."""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client

import tashika
from tashika.accounts.models import User
from tashika.core import audit
from tashika.core.actors import SYSTEM
from tashika.people import suppression
from tashika.web.views import _trail


def recorded() -> Iterator[str]:
    """Every verb that the source records: `verb="…"`, and what a room's own `_record(row, "…")` is given."""
    for path in Path(tashika.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "verb"]
            if getattr(node.func, "id", "") == "_record" and len(node.args) > 1:
                given.append(node.args[1])
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_act_has_words() -> None:
    verbs = set(recorded())
    assert len(verbs) > 50
    assert verbs - set(_trail.VERBS) == set()
    assert set(_trail.VERBS) - verbs == {"opt_out", "complaint"}, "recorded with the reason as the verb"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ja",
            [
                "送信サーバーを追加した",
                "送信サーバー 7",
                "ポート: 25",
                "配信除外リストに加えた",
                "すべて見る",
                "権限: 閲覧者",
                "2026年12月1日(火) 10:00",
            ],
        ),
        (
            "en",
            [
                "Added a relay",
                "relay 7",
                "port: 25",
                "Suppressed addresses",
                "Show all",
                "role: Viewer",
                "Tue 1 Dec 2026 10:00",
            ],
        ),
    ],
)
def test_an_entry_says_what_was_done_to_what(
    language: str, words: list[str], client: Client, editor: User, now: datetime
) -> None:
    editor.language = language
    editor.save(update_fields=["language"])
    detail = {"host": "smtp.example.jp", "port": 25, "per_hour": None}
    audit.record(actor=SYSTEM, verb="create_relay", subject="relay:7", now=now, detail=detail)
    audit.record(actor=SYSTEM, verb="change_role", subject="user:3", now=now, detail={"role": "viewer"})
    moment = {"send_at": "2026-12-01T01:00:00+00:00"}
    audit.record(actor=SYSTEM, verb="publish", subject="S-1", now=now, detail=moment)
    suppression.add(addresses=["a@example.jp"], reason="manual", detail="", by=SYSTEM, now=now)
    client.force_login(editor)
    page = client.get("/audit").content.decode() + client.get("/audit?subject=relay:7").content.decode()
    assert all(one in page for one in words)
    assert 'href="/settings/relays/7"' in page and "per_hour" not in page and "create_relay" not in page

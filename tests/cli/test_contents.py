"""`tashika contents`: what the page of versions shows and does, at the command line."""

import io
import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tashika.accounts.models import User
from tashika.cli import main
from tashika.contents import drafting, freezing, versions
from tashika.contents.models import Content, Kind
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry

pytestmark = pytest.mark.django_db
Tashika = Callable[..., tuple[int, Any]]


@pytest.fixture
def tashika(
    person: Callable[[str], User], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tashika:
    """Runs `tashika contents WORDS --json`: the status and the answer."""
    person("administrator")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    def run(*words: str) -> tuple[int, Any]:
        status = main.main(["contents", *words, "--json"])
        out = capsys.readouterr().out
        return status, json.loads(out) if out else None

    return run


@pytest.fixture
def page(editor: User, now: datetime) -> Content:
    made = drafting.create(kind=Kind.FORM, name="申込", draft={"title": "秋", "note": ""}, by=editor, now=now)
    versions.keep(content=made, by=editor, now=now)
    return drafting.save(content=made, draft={"title": "冬", "note": ""}, by=editor, now=now)


def test_what_there_is_and_what_differs(tashika: Tashika, page: Content, now: datetime) -> None:
    assert tashika("show", "F-1")[1]["revision"] == 2
    assert [one["ref"] for one in tashika("versions", "F-1")[1]] == ["v1"]
    assert [one["ref"] for one in tashika("history", "F-1")[1]] == ["r2", "r1"]
    status, changes = tashika("difference", "F-1", "v1")
    assert (status, [one["key"] for one in changes]) == (1, ["title"])
    assert tashika("difference", "F-1", "draft")[0] == 0
    assert tashika("at", "F-1", now.isoformat())[1] == {"draft": "r2", "version": "v1", "being_edited_by": ""}
    assert tashika("at", "F-1", "きのう")[0] == 2
    assert tashika("uses", "F-1") == (0, {})


def test_a_difference_reads_as_lines(page: Content, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["contents", "difference", "F-1", "v1"]) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line[0] in "+-"] == ["- 秋", "+ 冬"]


def test_restoring_asks_first_and_a_copy_is_another(tashika: Tashika, page: Content) -> None:
    assert tashika("restore", "F-1", "v1") == (2, None), "nobody can be asked"
    assert tashika("restore", "F-1", "v1", "--yes") == (0, {"revision": 3, "kept": "v2"})
    assert tashika("copy", "F-1", "v2")[1]["id"] == "F-2"
    assert tashika("keep", "F-2") == (0, {"version": "v1"})
    assert "cli:" in AuditEntry.objects.get(verb="restore_draft").actor_label


def test_a_frozen_one_says_who_holds_it(tashika: Tashika, page: Content, now: datetime) -> None:
    freezing.freeze(contents=[page], incident="I-3", by=SYSTEM, now=now)
    assert tashika("show", "F-1")[1]["frozen_by"] == "I-3"
    assert tashika("restore", "F-1", "v1", "--yes") == (2, None)
    page.refresh_from_db()
    assert page.draft["title"] == "冬"

"""G13 Armed, at the command line: `tashika arm` shows what is known, asks, and keeps the reason."""

import io
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tashika.accounts.models import User
from tashika.cli import main
from tashika.core import clock, config
from tashika.core.models import AuditEntry
from tashika.delivery import checks
from tashika.delivery.arming import looking
from tashika.delivery.models import Arming, SenderHost
from tests.delivery.conftest import planned, relay_to
from tests.fakes.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)
Tashika = Callable[..., tuple[int, Any]]


@pytest.fixture
def tashika(
    person: Callable[[str], User],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    now: datetime,
) -> Tashika:
    """Runs `tashika arm WORDS` on an installation whose database was put back, with 3 mails waiting."""
    person("administrator")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setenv("TASHIKA_DATA", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    looking.look(data=config.data_folder(), now=now)
    with SmtpServer() as server:
        planned(3, relay_to(server, now), now)
    Arming.objects.update(place="1/1/1/1")

    def run(*words: str) -> tuple[int, Any]:
        status = main.main(["arm", *words])
        out = capsys.readouterr().out
        return status, json.loads(out) if "--json" in words and out else out

    return run


def test_it_says_why_and_what_would_leave_and_changes_nothing(tashika: Tashika) -> None:
    status, answer = tashika("--show", "--json")
    assert status == 1 and not answer["armed"]
    assert answer["why"] == ["The database is on another server"]
    assert [one["mails"] for one in answer["leaving"]] == [3]
    assert Arming.objects.get().unarmed_since is not None, "it is on record as soon as somebody looks"
    assert [line.level for line in checks._arming(clock.now())] == ["bad"]
    status, words = tashika("--show")
    assert status == 1 and "別のサーバー" in words and "秋のご案内" in words


def test_it_asks_and_needs_a_reason(tashika: Tashika) -> None:
    assert tashika()[0] == 2, "nobody can be asked"
    assert tashika("--yes")[0] == 2, "no reason"
    assert Arming.objects.get().why == ["other_system"]
    status, _ = tashika("--yes", "--reason", "サーバーを移した")
    assert status == 0
    arming = Arming.objects.get()
    assert arming.unarmed_since is None and arming.place == looking.place()
    entry = AuditEntry.objects.filter(verb="arm").latest("id")
    assert entry.detail["reason"] == "サーバーを移した" and list(entry.detail["leaving"].values()) == [3]
    assert tashika("--show", "--json")[0] == 0
    assert [line.level for line in checks._arming(clock.now())] == ["ok"]


def test_a_host_that_is_gone_has_to_be_named(tashika: Tashika, now: datetime, tmp_path: Path) -> None:
    SenderHost.objects.create(
        id="0b8e0a52-6f0b-4c43-8df6-5d5a3b4d6c11",
        name="mail2",
        born="new",
        first_seen_at=now,
        seen_at=now,
        armed_at=now,
    )
    assert tashika("--yes", "--reason", "復元した")[0] == 2
    assert tashika("--yes", "--reason", "復元した", "--lost", "mail3")[0] == 2, "nobody is called that"
    assert tashika("--yes", "--reason", "復元した", "--lost", "mail2")[0] == 0
    host = SenderHost.objects.get(name="mail2")
    assert host.armed_at is None and host.lost_at is not None
    assert AuditEntry.objects.filter(verb="arm").latest("id").detail["lost"] == ["mail2 (0b8e0a52)"]

"""The verbs at the command line do what the interface does, and answer in JSON."""

import io
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tashika.accounts.models import User
from tashika.cli import main
from tashika.core.models import AuditEntry
from tashika.delivery import stopping
from tashika.people.models import Contact
from tashika.scenarios.models import Publication
from tests.scenarios.conftest import accept, broadcast_to

pytestmark = pytest.mark.django_db(transaction=True)
Tashika = Callable[..., tuple[int, Any]]


@pytest.fixture
def tashika(
    person: Callable[[str], User], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tashika:
    """Runs `tashika WORDS --json`: the status and the answer."""
    person("administrator")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    def run(*words: str) -> tuple[int, Any]:
        status = main.main([*words, "--json"])
        out = capsys.readouterr().out
        return status, json.loads(out) if out else None

    return run


def _csv(folder: Path, lines: list[str]) -> Path:
    path = folder / "名簿.csv"
    path.write_text("\n".join(["メールアドレス,姓,名,会社名", *lines]), encoding="cp932")
    return path


def test_import_takes_a_file_in(tashika: Tashika, tmp_path: Path) -> None:
    path = _csv(
        tmp_path, ["a@example.jp,佐藤,健太,株式会社みらい", "b@example.jp,鈴木,愛,株式会社みらい", "こわれた,高橋,誠,"]
    )
    words = ("import", str(path), "--tag", "展示会", "--consent", "business_card")
    status, answer = tashika(*words)
    assert (status, answer) == (2, None), "nobody can be asked, and --yes was not given"
    assert not Contact.objects.exists()
    status, answer = tashika(*words, "--yes")
    assert status == 0
    assert (answer["state"], answer["rows"], answer["created"], answer["quarantined"]) == ("finished", 3, 2, 1)
    assert Contact.objects.get(email="a@example.jp").consent == "given"


def test_import_of_no_file_says_so(tashika: Tashika, tmp_path: Path) -> None:
    assert tashika("import", str(tmp_path / "none.csv"), "--yes") == (2, None)


def test_a_finding_stops_the_import_until_it_is_decided(tashika: Tashika, tmp_path: Path) -> None:
    lines = [f"p{index}@example.jp,09012345{index:03},愛,株式会社みらい" for index in range(40)]
    path = _csv(tmp_path, lines)
    status, answer = tashika("import", str(path), "--yes")
    assert (status, answer["state"], answer["findings"]) == (3, "undecided", "phone_in_name")
    assert not Contact.objects.exists()
    status, answer = tashika("import", str(path), "--yes", "--quarantine", "phone_in_name")
    assert (status, answer["quarantined"], answer["created"]) == (0, 40, 0)


def test_from_publishing_to_the_exact_figures(tashika: Tashika, now: datetime) -> None:
    scenario = broadcast_to(6, now).public_id
    assert tashika("status", scenario) == (0, {"state": "draft"})
    assert tashika("publish", scenario) == (2, None), "nobody can be asked, and --yes was not given"
    status, answer = tashika("publish", scenario, "--yes")
    assert (status, answer["state"], answer["people"]) == (0, "running", 6)
    accept(Publication.objects.get(), 2, now)
    status, answer = tashika("unpublish", scenario, "--reason", "件名の間違い")
    assert (status, answer["certain"], answer["accepted"], answer["stopped"]) == (0, True, 2, 4)
    assert AuditEntry.objects.get(verb="unpublish").actor_label.startswith("cli:")
    assert tashika("publish", scenario, "--yes") == (2, None), "only after a choice (G8)"
    status, answer = tashika("publish", scenario, "--yes", "--choice", "send")
    assert (status, answer["state"]) == (0, "running")
    status, answer = tashika("status", scenario)
    assert (answer["accepted"], answer["queued"], answer["stopped"]) == (2, 4, 0)
    assert tashika("status")[1]["published"] == scenario


def test_publishing_for_later(tashika: Tashika, now: datetime) -> None:
    scenario = broadcast_to(1, now).public_id
    assert tashika("publish", scenario, "--yes", "--at", "someday") == (2, None)
    later = (now + timedelta(days=1)).replace(microsecond=0)
    status, answer = tashika("publish", scenario, "--yes", "--at", later.isoformat())
    assert (status, answer["state"]) == (0, "waiting")
    assert Publication.objects.get().send_at == later


def test_who_acts_is_on_record(
    tashika: Tashika, publisher: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = broadcast_to(1, now).public_id
    monkeypatch.setenv("TASHIKA_BY", publisher.email)
    assert tashika("publish", scenario, "--yes")[0] == 0
    entry = AuditEntry.objects.get(verb="publish")
    assert entry.actor_id == publisher.pk and "(cli:" in entry.actor_label
    monkeypatch.setenv("TASHIKA_BY", "nobody@example.jp")
    assert tashika("emergency-stop", "--release") == (2, None)


def test_the_emergency_stop_and_the_way_back(tashika: Tashika) -> None:
    status, answer = tashika("emergency-stop", "--reason", "試験")
    assert (status, answer["certain"]) == (0, True)
    assert tashika("status")[1]["emergency_stop"] is not None
    assert tashika("emergency-stop", "--release")[0] == 0
    assert stopping.current_emergency_stop() is None


def test_segments_are_counted(tashika: Tashika, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    assert tashika("segments") == (0, {scenario.draft["segment"]: 3})
    assert tashika("segments", scenario.draft["segment"]) == (0, {scenario.draft["segment"]: 3})
    assert tashika("segments", scenario.draft["mail"]) == (2, None)

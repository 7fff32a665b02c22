"""The command line: found commands, clear errors, a quick --help."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import translation

from tashika.accounts.models import User
from tashika.cli import demo, main
from tashika.contents.models import Content
from tashika.core.text import t
from tashika.delivery import checks
from tashika.people.models import Contact, Suppression


@pytest.fixture(autouse=True)
def _the_language_of_a_command_ends_with_it() -> Iterator[None]:
    with translation.override("ja"):
        yield


def test_help_does_not_load_django() -> None:
    script = (
        "import sys; from tashika.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('LOADED' if 'django.apps' in sys.modules or 'django.db' in sys.modules else 'LIGHT')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip().endswith("LIGHT")
    for name in ("up", "web", "worker", "sender", "doctor", "migrate", "settings", "create-user", "test"):
        assert f"    {name} " in result.stdout or f"    {name}\n" in result.stdout


@pytest.mark.parametrize(
    ("language", "words"), [("ja_JP.UTF-8", "形式が正しくありません"), ("en_US.UTF-8", "not an address")]
)
def test_an_error_is_one_line_in_the_persons_language(
    language: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], db: None
) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", language)
    monkeypatch.setattr(sys, "stdin", open("/dev/null"))  # noqa: SIM115
    assert main.main(["create-user", "no address"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_settings_never_show_a_secret(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASHIKA_SECRET_KEY", "never to be shown to anybody at all")
    for words in (["settings"], ["settings", "--json"], ["settings", "--markdown"]):
        assert main.main(words) == 0
    assert "never to be shown" not in capsys.readouterr().out


@pytest.mark.django_db
def test_the_demo_is_whole_and_made_only_once(now: datetime) -> None:
    email, password = demo.prepare(now=now)
    again = demo.prepare(now=now)
    assert again[0] == email
    assert again[1] != password
    assert User.objects.get(email=email).check_password(again[1])
    assert Contact.objects.count() == demo.PEOPLE
    assert set(Contact.objects.values_list("consent", flat=True)) == {"given", "none", "withdrawn"}
    assert Suppression.objects.count() > 50
    kinds = list(Content.objects.values_list("kind", flat=True))
    assert (kinds.count("segment"), kinds.count("mail"), kinds.count("scenario")) == (4, 4, 3)


@pytest.mark.django_db
def test_the_demo_writes_only_to_reserved_domains(now: datetime) -> None:
    demo.prepare(now=now)
    reserved = (".example.jp", ".example.com", ".example.ne.jp", ".example.org")
    assert all(address.endswith(reserved) for address in Contact.objects.values_list("email", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(now: datetime) -> None:
    from django.db import connection

    from tashika.core import config

    assert connection.settings_dict["NAME"] != config.database_url()
    findings = {finding.subject: finding for finding in checks.examine(now=now)}
    assert findings["python"].level == "ok"
    assert findings["database"].level == "ok"
    assert all(finding.fix for finding in findings.values() if finding.level != "ok")


def test_the_doctor_reports_an_unreachable_database(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    findings = {finding.subject: finding for finding in checks.examine(now=now)}
    assert findings["database"].level == "bad"
    assert "migrations" not in findings


def test_the_doctor_notices_a_key_that_others_can_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: datetime
) -> None:
    monkeypatch.setenv("TASHIKA_DATA", str(tmp_path))
    monkeypatch.delenv("TASHIKA_SECRET_KEY", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    (tmp_path / "secret_key").write_text("x" * 40)
    (tmp_path / "secret_key").chmod(0o644)
    findings = {finding.subject: finding for finding in checks.examine(now=now)}
    assert findings["secret_key"].level == "bad"
    assert findings["secret_key"].fix == t("chmod 600 {f}", "chmod 600 {f}", f=tmp_path / "secret_key")


def test_the_doctor_speaks_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert main.main(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"level", "subject", "what_ja", "what_en", "fix_ja", "fix_en"} == set(rows[0])

"""`tashika bounce` as a mail server runs it: a process of its own, its exit codes those of sysexits.h."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from tashika.delivery.bounces import tasks
from tashika.delivery.bounces.models import Bounce, RawReport
from tashika.people.models import Suppression
from tests.delivery.bounces.conftest import dispatched, report
from tests.delivery.conftest import database_url

pytestmark = pytest.mark.django_db(transaction=True)


def tashika(*words: str, message: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tashika.cli", *words],
        input=message,
        capture_output=True,
        timeout=120,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
            "DATABASE_URL": database_url(),
            "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
            **environment,
        },
    )


def test_a_bounce_is_taken_and_the_mail_server_may_forget_it(now: datetime) -> None:
    raw = report(dispatched(1, now)[0])
    for _ in range(2):  # brought again after a crash of the mail server
        done = tashika("bounce", message=raw)
        assert (done.returncode, done.stdout) == (0, b""), done.stderr
    asked = ProcrastinateJob.objects.get(
        status="todo", task_name=tasks.read.name
    )  # once for both, so that a burst is read in one go
    assert asked.lock == "bounces.read"
    tasks.read()
    assert Bounce.objects.get().kind == "hard" and Suppression.objects.count() == 1
    kept = RawReport.objects.get()
    assert (bytes(kept.raw), kept.way, kept.size) == (raw, "pipe", len(raw))
    answer = json.loads(tashika("bounces", "--json").stdout)
    assert answer["counts"] == {"hard": 1} and answer["items"][0]["code"] == "5.1.1"
    number = str(answer["items"][0]["id"])
    assert tashika("bounces", "show", number, "--raw").stdout == raw
    assert json.loads(tashika("bounces", "recompute", "--json").stdout) == {"read": 1, "changed": 0, "lifted": 0}


def test_nothing_at_all_is_a_fault_of_the_data(db: None) -> None:
    assert tashika("bounce", message=b"\n").returncode == 65


def test_a_database_that_is_away_is_temporary(db: None) -> None:
    done = tashika("bounce", message=b"Subject: x\n\nx\n", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 75 and b"tashika: " in done.stderr
    assert not RawReport.objects.exists()


def test_so_is_a_configuration_that_somebody_is_just_editing(db: None, tmp_path: Path) -> None:
    (tmp_path / "tashika.toml").write_text("half = ")
    done = tashika(
        "bounce", message=b"Subject: x\n\nx\n", TASHIKA_CONFIG=str(tmp_path / "tashika.toml"), DATABASE_URL=""
    )
    assert done.returncode == 75


def test_fifty_megabytes_are_cut_and_their_length_known(db: None) -> None:
    raw = b"From: mailer-daemon@example.jp\n\n" + b"x" * 50_000_000
    assert tashika("bounce", message=raw).returncode == 0
    kept = RawReport.objects.get()
    assert kept.size == len(raw) and len(bytes(kept.raw)) == 10_000_000

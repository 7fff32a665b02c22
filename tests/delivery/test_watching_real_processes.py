"""A real sender, a real worker and a real web server: what they say of themselves reaches the figures."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from tashika.core import clock
from tashika.core.models import Process
from tashika.delivery import metrics, watching
from tests.delivery.conftest import (
    SenderProcess,
    add_contacts,
    database_url,
    planned,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

Figures = dict[tuple[str, ...], float]


def _figures(page: str) -> Figures:
    """By name and the labels' values in the order of their names, without the process."""
    found: Figures = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = [value for name, value in sorted(sample.labels.items()) if name != "process"]
            found[sample.name, *labels] = found.get((sample.name, *labels), 0) + sample.value
    return found


def _now() -> Figures:
    return _figures(metrics.page(clock.now()).decode())


@pytest.mark.django_db(transaction=True)
def test_what_a_sender_counts_is_what_the_server_saw_and_a_dead_one_falls_silent(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    def script(phase: str, recipient: str) -> str | None:
        return f"550 5.1.1 <{recipient}>: unknown" if phase == "rcpt" and recipient.startswith("p1") else None

    with SmtpServer(script=script) as server:
        add_contacts(30, now)
        relay = relay_to(server, now)
        dispatch = planned(30, relay, now)
        process = sender(TASHIKA_PERMIT_SECONDS="6")
        wait_until_finished(dispatch)
        number = str(relay.pk)
        wait_until(lambda: _now().get(("tashika_ledger_moved_total", "record"), 0) == 30)
        page = metrics.page(clock.now()).decode()
        figures = _figures(page)
        refused = 11  # p1, p10 … p19
        assert figures["tashika_smtp_begun_total", number] == 30
        assert figures["tashika_smtp_concluded_total", "250", "accepted", number] == len(server.taken) == 30 - refused
        assert figures["tashika_smtp_concluded_total", "550", "refused", number] == refused
        assert figures["tashika_smtp_replied_total", number] == 30 - refused
        assert figures["tashika_smtp_seconds_total", "reply", number] > 0
        assert figures["tashika_smtp_connections_total", number] == server.connections
        assert figures["tashika_ledger_rows", "accepted"] == 30 - refused
        assert figures["tashika_ledger_rows", "refused"] == refused
        assert figures["tashika_ledger_moved_total", "claim"] == 30
        assert (figures["tashika_senders", "live"], figures["tashika_senders", "silent"]) == (1, 0)
        assert "recipient.example.jp" not in page and "5.1.1" not in page
        process.kill()
        wait_until(lambda: _now()["tashika_senders", "silent"] == 1, 20)
        (silent,) = watching.senders(clock.now())
        assert silent.state == "silent" and silent.permit_left < 0


@pytest.fixture
def start(transactional_db: None) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `tashika WORDS` on the test's database."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("a") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tashika.cli", *words],
                stderr=stderr,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
                    "DATABASE_URL": database_url(),
                    "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
                    "TASHIKA_METRICS_TOKEN": "of the test",
                },
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _get(port: int, path: str) -> str:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer of the test"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return str(answer.read().decode())


def _answers(port: int) -> bool:
    try:
        return _get(port, "/healthz") == "ok\n"
    except OSError:
        time.sleep(0.2)
        return False


def test_web_and_worker_say_that_they_live_and_a_killed_worker_falls_silent(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    worker = start("worker", log=tmp_path / "worker")
    start("web", "--port", str(port), log=tmp_path / "web")
    wait_until(lambda: _answers(port), 60)

    def figures() -> Figures:
        return _figures(_get(port, "/metrics"))

    route = ("tashika_http_requests_total", "GET", "/metrics", "200")
    wait_until(lambda: route in figures(), 30)
    task = ("tashika_jobs_total", "succeeded", "tashika.scenarios.tasks.start_due")
    wait_until(lambda: figures().get(task, 0) > 0, 30)
    assert figures()["tashika_processes", "worker", "live"] == 1
    worker.kill()
    worker.wait()
    wait_until(lambda: figures()["tashika_processes", "worker", "silent"] == 1, 30)
    assert Process.objects.get(kind="worker").pid == worker.pid

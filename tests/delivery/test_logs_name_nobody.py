"""A real send with refusals, a sender's death and a walk through the pages: what is written down has ids and nobody's data."""

import io
import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from tashika.accounts.models import User
from tashika.core import logs
from tashika.delivery.models import Dispatch
from tests.delivery.conftest import (
    SenderProcess,
    add_contacts,
    planned,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

PERSONAL = ("recipient.example.jp", "example.jp", "姓1", "名1", "みらい")


@pytest.mark.django_db(transaction=True)
def test_of_a_send_with_refusals_and_a_death_only_ids_are_written(
    sender: Callable[..., SenderProcess], now: datetime, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    def script(phase: str, recipient: str) -> str | None:
        return f"550 5.1.1 <{recipient}>: unknown" if phase == "rcpt" and recipient[1] in "37" else None

    with SmtpServer(script=script, delay=0.02) as server:
        add_contacts(40, now)
        dispatch = planned(40, relay_to(server, now), now)
        first = sender(log=log, TASHIKA_LOG_FORMAT="json", TASHIKA_LOG_LEVEL="debug")
        wait_until(lambda: len(server.taken) > 5)
        first.kill()
        sender(log=log, TASHIKA_LOG_FORMAT="json", TASHIKA_LOG_LEVEL="debug")
        wait_until_finished(Dispatch.objects.get(pk=dispatch.pk))
        wait_until(lambda: "a sender died" in log.read_text(), 20)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    died = next(line for line in lines if line["what"] == "a sender died")
    assert died["process"] == "sender" and len(str(died["sender"])) == 36
    assert not [word for word in PERSONAL if word in log.read_text()]


@pytest.mark.django_db(transaction=True)
def test_of_a_walk_through_the_pages_and_a_fault_only_ids_are_written(
    person: Callable[[str], User], now: datetime
) -> None:
    add_contacts(3, now)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    root, level = logging.getLogger(), logging.getLogger("tashika").level
    root.addHandler(handler)
    logging.getLogger("tashika").setLevel(logging.DEBUG)
    client = Client(raise_request_exception=False)
    client.force_login(person("administrator"))
    try:
        client.get("/contacts?q=p1@recipient.example.jp")
        client.post("/suppression", {"addresses": "p2@recipient.example.jp"})
        client.get("/u/a-token-that-is-somebodys-own")
        with _away("people_contact"):
            broken = client.get("/contacts?q=p1@recipient.example.jp")
    finally:
        root.removeHandler(handler)
        logging.getLogger("tashika").setLevel(level)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert not [word for word in (*PERSONAL, "a-token") if word in written.getvalue()]
    assert {line["route"] for line in lines} >= {"/contacts", "/suppression", "/u/<str:token>"}
    told = broken["X-Request-Id"]
    assert broken.status_code == 500 and told in broken.content.decode(), "the page tells the number of its log lines"
    mine = [line for line in lines if line.get("request") == told]
    assert {line["what"] for line in mine} == {"request failed", "answered"}
    assert any(line.get("error", {}).get("code") for line in mine)


class _away:
    """A table is missing for a while: a fault whose words quote the statement."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        self._run(f"ALTER TABLE {self.table} RENAME TO {self.table}_away")

    def __exit__(self, *_: object) -> None:
        self._run(f"ALTER TABLE {self.table}_away RENAME TO {self.table}")

    @staticmethod
    def _run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_an_id_that_a_proxy_gave_is_kept_and_what_is_none_is_not(client: Client) -> None:
    assert client.get("/login", headers={"X-Request-Id": "abc-12345678"})["X-Request-Id"] == "abc-12345678"
    forged = 'x"} {"what": "forged"'
    assert client.get("/login", headers={"X-Request-Id": forged})["X-Request-Id"] != forged

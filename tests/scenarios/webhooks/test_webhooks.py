"""Webhooks: signed, once for each person, tried again, fenced by a stop, and never to an internal address."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tashika.accounts.models import User
from tashika.core.actors import SYSTEM
from tashika.people.models import Contact
from tashika.scenarios.webhooks import endpoints, queuing, requesting, sending, stopping
from tashika.scenarios.webhooks.models import Try, Webhook
from tests.delivery.conftest import add_contacts

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """The other system: keeps what it got, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []  # of the next answers; then 204
        self.location = ""
        self.wait = threading.Event()
        self.wait.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
                receiver.wait.wait(20)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, *words: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(transactional_db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Iterator[Receiver]:
    one = Receiver()
    monkeypatch.setenv("TASHIKA_WEBHOOK_HOSTS", f"127.0.0.1:{one.server.server_port}")
    add_contacts(3, now)
    yield one
    one.wait.set()
    one.server.shutdown()
    one.server.server_close()


def queue(url: str, now: datetime, number: int = 3) -> int:
    ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True)[:number])
    return queuing.queue(url=url, publication_id=7, node="n1", contact_ids=ids, now=now)


def test_each_person_is_told_once_and_the_signature_holds(
    receiver: Receiver, person: Callable[[str], User], now: datetime
) -> None:
    secret = endpoints.rotate(url=receiver.url, by=person("administrator"), now=now)
    assert (queue(receiver.url, now), queue(receiver.url, now)) == (3, 0)
    assert sending.send_due(now=now) == 3 and sending.send_due(now=now) == 0
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    for headers, body in receiver.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        assert json.loads(body)["data"]["contact"]["company_name"] == "株式会社みらい"
    assert set(Webhook.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_refusal_is_tried_again_under_the_same_id_and_every_try_is_on_record(
    receiver: Receiver, now: datetime
) -> None:
    receiver.statuses = [500, 503]
    queue(receiver.url, now, 1)
    for seconds in (0, 1, 9, 90):
        sending.send_due(now=now + timedelta(seconds=seconds))
    assert len(receiver.got) == 3 and len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert list(Try.objects.order_by("pk").values_list("status", flat=True)) == [500, 503, 204]
    assert Webhook.objects.get().state == "delivered"


def test_after_a_day_it_has_failed_until_a_person_tries_again(receiver: Receiver, now: datetime) -> None:
    receiver.statuses = [500] * (len(sending.DELAYS) + 1)
    queue(receiver.url, now, 1)
    assert 20 * 3600 < sum(sending.DELAYS) < 28 * 3600
    for number in range(len(sending.DELAYS) + 1):
        sending.send_due(now=now + timedelta(hours=9 * number))
    assert Webhook.objects.get().state == "failed"
    assert stopping.try_again(webhook_id=Webhook.objects.get().pk, by=SYSTEM, now=now)
    sending.send_due(now=now)
    assert Webhook.objects.get().state == "delivered"


def test_the_page_shows_failures_and_tries_again_and_a_new_secret_once(
    receiver: Receiver, person: Callable[[str], User], now: datetime
) -> None:
    receiver.statuses = [410]
    queue(receiver.url, now, 1)
    sending.send_due(now=now)
    browser = Client()
    browser.force_login(person("administrator"))
    assert "410" in browser.get("/settings/webhooks").content.decode()
    browser.post("/settings/webhooks/again", {"webhook": Webhook.objects.get().pk})
    assert Webhook.objects.get().state == "queued"
    endpoint = Webhook.objects.get().endpoint
    browser.post("/settings/webhooks/rotate", {"endpoint": endpoint.pk})
    endpoint.refresh_from_db()
    secret = endpoints.secret_of(endpoint)
    assert secret in browser.get("/settings/webhooks").content.decode()
    assert secret not in browser.get("/settings/webhooks").content.decode()


def test_a_redirect_is_not_followed(receiver: Receiver, now: datetime) -> None:
    inside = Receiver()
    receiver.statuses, receiver.location = [302], inside.url
    queue(receiver.url, now, 1)
    sending.send_due(now=now)
    assert not inside.got and Try.objects.get().status == 302
    inside.server.shutdown()
    inside.server.server_close()


def test_practice_mode_lets_nothing_out(receiver: Receiver, now: datetime) -> None:
    queue("https://hooks.example.com/x", now, 1)
    sending.send_due(now=now)
    assert Webhook.objects.get().state == "failed" and "practice" in Try.objects.get().words


def test_g3_a_stop_waits_for_what_is_under_way_and_nothing_begins_after_its_answer(
    receiver: Receiver, now: datetime
) -> None:
    receiver.wait.clear()
    queue(receiver.url, now)

    def work() -> None:
        sending.send_due(now=now)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    while not receiver.got:
        time.sleep(0.01)
    before = time.monotonic()
    answer = stopping.stop(publication_id=7, by=SYSTEM, now=now)
    assert time.monotonic() - before < 4
    assert (answer.stopped, len(answer.under_way)) == (2, 1), "the one that is not answered is named"
    receiver.wait.set()
    worker.join(20)
    assert sending.send_due(now=now) == 0 and len(receiver.got) == 1
    assert stopping.skip(publication_id=7, by=SYSTEM, now=now) == 2
    stopping.release(publication_id=7, by=SYSTEM, now=now)
    assert sending.send_due(now=now) == 0 and len(receiver.got) == 1


def test_a_stop_between_the_connection_and_the_request_is_heard(receiver: Receiver, now: datetime) -> None:
    answer = requesting.post(
        url=receiver.url,
        headers={},
        body=b"{}",
        allowed=frozenset({"127.0.0.1"}),
        outside=True,
        may_begin=lambda: False,
    )
    assert answer is None and not receiver.got


def test_what_a_killed_worker_had_in_hand_is_tried_again_under_the_same_id(receiver: Receiver, now: datetime) -> None:
    queue(receiver.url, now, 1)
    claimed = sending._claim(now)
    assert claimed is not None
    assert sending.send_due(now=now + timedelta(seconds=30)) == 0, "it may be alive"
    assert sending.send_due(now=now + timedelta(seconds=61)) == 1
    assert receiver.got[0][0]["webhook-id"] == str(claimed.message_id)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "::127.0.0.1",
        "255.255.255.255",
    ],
)
def test_internal_addresses_in_every_form(address: str) -> None:
    assert requesting.is_internal(address)


def test_public_addresses_are_not_internal() -> None:
    assert not requesting.is_internal("1.1.1.1") and not requesting.is_internal("2606:4700:4700::1111")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1:5432/",
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
        "ftp://hooks.example.com/",
        "https://a:b@hooks.example.com/",
        "https://0x7f.1/",
    ],
)
def test_what_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(requesting.UnableToRequest):
        requesting.post(url=url, headers={}, body=b"", allowed=frozenset(), outside=True, may_begin=lambda: True)


def test_a_name_that_answers_otherwise_a_moment_later_leads_nowhere(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whoever asks a second time is led inside. The first answer alone is judged and called."""
    asked: list[str] = []
    usual = requesting.socket.getaddrinfo

    def rebinding(host: str, *rest: Any, **named: Any) -> Any:
        if host != "rebinding.example.com":
            return usual(host, *rest, **named)
        asked.append(host)
        return usual("127.0.0.1" if len(asked) > 1 else "192.0.2.1", *rest, **named)

    called: list[str] = []

    def connect(address: tuple[str, int], **named: Any) -> Any:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(requesting.socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(requesting.socket, "create_connection", connect)
    monkeypatch.setattr(
        requesting, "is_internal", lambda address: address == "127.0.0.1"
    )  # 192.0.2.1 stands for outside
    answer = requesting.post(
        url="https://rebinding.example.com/",
        headers={},
        body=b"",
        allowed=frozenset(),
        outside=True,
        may_begin=lambda: True,
    )
    assert answer is not None and answer.status == 0
    assert (called, len(asked)) == (["192.0.2.1"], 1)

"""G11 Practice mode is closed: until a real relay is configured and confirmed no byte leaves the machine."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from tashika.delivery import queries, relays
from tashika.delivery.models import CaughtMail, LedgerRow, Relay
from tests.browser.conftest import free_port
from tests.delivery.conftest import SenderProcess, database_url, planned, relay_to, wait_until, wait_until_finished
from tests.fakes.smtp_server import SmtpServer


def test_an_unconfirmed_relay_gets_nothing_even_if_a_dispatch_names_it(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer() as server:
        dispatch = planned(5, relay_to(server, now, confirmed_at=None), now)
        sender()
        wait_until(lambda: queries.live_senders(now).exists())
        with pytest.raises(AssertionError, match="did not come about"):
            wait_until_finished(dispatch, seconds=2)
        assert server.connections == 0
        assert LedgerRow.objects.filter(state="queued").count() == 5


@pytest.mark.django_db
def test_the_database_itself_refuses_an_unconfirmed_default(now: datetime) -> None:
    with SmtpServer() as server, pytest.raises(IntegrityError), transaction.atomic():
        relay_to(server, now, confirmed_at=None, is_default=True)


@pytest.mark.django_db
def test_the_practice_relay_is_on_loopback_whatever_its_row_says(now: datetime) -> None:
    relay = relays.practice_relay(now=now)
    Relay.objects.filter(pk=relay.pk).update(host="smtp.example.com", port=25)
    assert relays.server_of(Relay.objects.get(pk=relay.pk)).host == "127.0.0.1"


def test_practice_mail_is_caught_inside_and_can_be_read(sender: Callable[..., SenderProcess], now: datetime) -> None:
    port = str(free_port())
    code = "import django; django.setup(); from tashika.delivery import catching; catching.run_forever()"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
        "DATABASE_URL": database_url(),
        "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
        "TASHIKA_PRACTICE_PORT": port,
    }
    catcher = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        dispatch = planned(7, relays.practice_relay(now=now), now)
        sender(TASHIKA_PRACTICE_PORT=port)
        wait_until_finished(dispatch)
    finally:
        catcher.terminate()
        catcher.wait(10)
    assert queries.figures(dispatch.pk).accepted == CaughtMail.objects.count() == 7
    assert CaughtMail.objects.filter(subject__contains="秋のご案内").count() == 7

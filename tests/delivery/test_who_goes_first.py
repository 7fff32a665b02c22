"""Pace and priority with real senders: a limit holds over all of them, a slow receiver holds up nobody else, and what is
urgent waits neither behind bulk nor for the pace."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from tashika.core import clock
from tashika.delivery import planning, queries
from tashika.delivery.models import Dispatch, LedgerRow, Queued, Relay
from tashika.people.addresses import address_hash
from tashika.people.models import Contact
from tests.delivery.conftest import (
    SenderProcess,
    check_ledger_against,
    mail_version,
    planned,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

BOSS = "boss@staff.example.jp"


def person(address: str, now: datetime) -> Contact:
    """One more invented person who has agreed."""
    return Contact.objects.create(
        email=address,
        email_key=address,
        address_hash=address_hash(address),
        family_name="部長",
        company_name="株式会社みらい",
        consent="given",
        created_at=now,
        updated_at=now,
    )


def urgent(relay: Relay, now: datetime) -> Dispatch:
    """One mail that goes before everything else."""
    found = person(BOSS, now)
    dispatch = planning.open_dispatch(
        reason="test:urgent",
        name="テスト配信",
        mail_version=mail_version(now),
        relay=relay,
        give_up_at=now + timedelta(days=1),
        now=now,
        priority=planning.URGENT,
    )
    planning.plan(dispatch=dispatch, audience=("SELECT id FROM people_contact WHERE id = %s", [found.pk]), now=now)
    return dispatch


def test_a_limit_per_hour_holds_over_two_processes(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer() as server:
        planned(200, relay_to(server, now, per_hour=7200), now)  # two a second
        sender(), sender()
        wait_until(lambda: len(server.taken) > 0, 60)
        first = server.taken[0].taken_at
        wait_until(lambda: time.time() > first + 8)
        early = [mail for mail in server.taken if mail.taken_at <= first + 8]
        assert 4 <= len(early) <= 2 * 8 + 3


def test_a_receiver_that_asks_for_patience_holds_up_nobody_else(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    def script(phase: str, recipient: str) -> str | None:
        return "450 4.7.1 too many mails" if phase == "rcpt" and recipient.endswith("@docomo.ne.jp") else None

    with SmtpServer(script=script, delay=0.01) as server:
        for index in range(150):
            person(f"d{index}@docomo.ne.jp", now)
        for index in range(150):
            person(f"p{index}@recipient.example.jp", now)
        dispatch = planned(300, relay_to(server, now), now)
        sender()
        wait_until(lambda: queries.figures(dispatch.pk).accepted == 150, 60)
        wait_until(lambda: not LedgerRow.objects.filter(state="sending").exists())
        tried = LedgerRow.objects.filter(attempts__gt=0, state="queued").count()
        assert tried < 75, "most of them were spared a useless try"
        assert Queued.objects.filter(due_at__gt=clock.now()).count() >= 75
        latest = Queued.objects.filter(row_id__in=LedgerRow.objects.filter(attempts=0).values("pk")).latest("due_at")
        assert latest.due_at < clock.now() + timedelta(minutes=6)
        check_ledger_against(server, dispatch)


def test_what_is_urgent_goes_before_what_waits_in_memory(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer(delay=0.3) as server:
        relay = relay_to(server, now, connections=2)
        planned(300, relay, now)
        sender()
        wait_until(lambda: len(server.taken) >= 6, 60)
        urgent(relay, now)
        begun = len(server.begun)
        wait_until(lambda: any(mail.recipient == BOSS for mail in server.taken))
        before = len(server.begun) - begun
        assert before <= 14, f"{before} bulk mails went first"


def test_what_is_urgent_does_not_wait_for_the_pace(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer() as server:
        relay = relay_to(server, now, per_hour=20)  # one in three minutes
        planned(5, relay, now)
        sender()
        wait_until(lambda: len(server.taken) == 1, 60)
        dispatch = urgent(relay, now)
        wait_until_finished(dispatch)
        assert [mail.recipient for mail in server.taken][1:] == [BOSS]


def test_the_whole_audience_is_reached_under_a_limit(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer() as server:
        dispatch = planned(60, relay_to(server, now, per_hour=72_000, carrier_pace={"docomo": 60}), now)
        sender(), sender()
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).accepted == 60

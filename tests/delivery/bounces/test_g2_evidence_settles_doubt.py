"""G2: a row in doubt is settled by evidence alone: a report, an open, a click. Silence settles nothing."""

from datetime import datetime

import pytest
from django.db import connection

from tashika.activity.models import Event
from tashika.delivery import recipients
from tashika.delivery.bounces import queries, settling, taking
from tashika.delivery.models import LedgerRow
from tests.delivery.bounces.conftest import dispatched, report, vacation

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubts(db: None, now: datetime) -> list[LedgerRow]:
    """Three rows in doubt."""
    return dispatched(3, now, state="in_doubt")


def _states(rows: list[LedgerRow]) -> list[str]:
    for row in rows:
        row.refresh_from_db()
    return [row.state for row in rows]


def test_a_bounce_proves_that_it_was_accepted(doubts: list[LedgerRow], now: datetime) -> None:
    taking.take(raw=report(doubts[0]), way="pipe", now=now)
    assert _states(doubts) == ["accepted", "in_doubt", "in_doubt"]
    assert "bounce:" in doubts[0].reply
    assert queries.bounce_figures(doubts[0].dispatch_id).hard == 1
    kinds = Event.objects.filter(contact_id=doubts[0].contact_id).values_list("kind", flat=True)
    assert sorted(kinds) == ["bounced", "mail_accepted"]


@pytest.mark.parametrize("action", ["relayed", "delivered", "delayed"])
def test_so_does_a_late_report_of_any_kind(action: str, doubts: list[LedgerRow], now: datetime) -> None:
    status = "4.4.1" if action == "delayed" else "2.0.0"
    taking.take(raw=report(doubts[1], status, "250 ok", action=action), way="mailbox", now=now)
    assert _states(doubts) == ["in_doubt", "accepted", "in_doubt"]


def test_so_does_an_automatic_reply(doubts: list[LedgerRow], now: datetime) -> None:
    taking.take(raw=vacation(doubts[2]), way="pipe", now=now)
    assert _states(doubts) == ["in_doubt", "in_doubt", "accepted"]


def test_so_does_an_open(doubts: list[LedgerRow], now: datetime) -> None:
    recipients.opened(row=doubts[0], now=now)
    assert _states(doubts) == ["accepted", "in_doubt", "in_doubt"]
    assert doubts[0].reply.endswith("[opened]")


def test_so_does_opting_out_by_its_own_link(doubts: list[LedgerRow], now: datetime) -> None:
    recipients.opted_out(row=doubts[0], now=now)
    assert _states(doubts) == ["accepted", "in_doubt", "in_doubt"]
    assert doubts[0].reply.endswith("[opted_out]")


def test_silence_and_a_forged_report_settle_nothing(doubts: list[LedgerRow], now: datetime) -> None:
    forged = report(doubts[0], to="news@mirai.example.jp").replace(str(doubts[0].message_id).encode(), b"x")
    taking.take(raw=forged, way="pipe", now=now)
    assert settling.settle(None, now=now) == 0
    assert _states(doubts) == ["in_doubt"] * 3


def test_evidence_that_came_before_the_doubt_settles_it_later(now: datetime) -> None:
    """The bounce came while the row was still being sent; then the sender died."""
    row = dispatched(1, now, state="sending")[0]
    taking.take(raw=report(row), way="pipe", now=now)
    assert _states([row]) == ["sending"], "its sender speaks first"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_ledger SET state = 'in_doubt' WHERE id = %s", [row.pk])
    assert settling.settle(None, now=now) == 1
    assert settling.settle(None, now=now) == 0
    assert _states([row]) == ["accepted"]


def test_settling_all_needs_no_walk_through_the_ledger(db: None) -> None:
    """The rows in doubt have an index of their own, whatever the ledger's size."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM delivery_ledger WHERE exception = 'in_doubt'")
        assert "delivery_ledger_in_doubt" in "\n".join(row[0] for row in cursor.fetchall())

"""G3 Stop is a fence: also while a very large audience is being planned. The stop answers at once and stays true, and
other dispatches are not held up by it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connections

from tashika.core import database
from tashika.core.actors import SYSTEM
from tashika.delivery import planning, queries, releasing, stopping
from tashika.delivery.models import Dispatch, LedgerRow, Relay
from tests.delivery.conftest import (
    ALL,
    SenderProcess,
    add_contacts,
    check_ledger_against,
    mail_version,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

PEOPLE = 300
SLOW: planning.Audience = ("SELECT id FROM people_contact WHERE pg_sleep(0.02) IS NOT NULL", [])  # six seconds of it
pytestmark = pytest.mark.django_db(transaction=True)


def opened(relay: Relay, now: datetime, reason: str) -> Dispatch:
    return planning.open_dispatch(
        reason=reason,
        name="秋のご案内",
        mail_version=mail_version(now),
        relay=relay,
        give_up_at=now + timedelta(days=1),
        now=now,
    )


@contextmanager
def being_planned(dispatch: Dispatch, now: datetime) -> Iterator[threading.Thread]:
    """The dispatch is being planned, slowly, in another thread; at the end the planning is over."""

    def work() -> None:
        planning.plan(dispatch=dispatch, audience=SLOW, now=now)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(_under_way)
    yield thread
    thread.join(30)


def _under_way() -> bool:
    with psycopg.connect(database.conninfo()) as other:
        words = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%INSERT INTO delivery_ledger%' AND state = 'active'"
        row = other.execute(words + " AND pid <> pg_backend_pid()").fetchone()
    return bool(row and row[0])


def test_the_stop_answers_while_the_planning_goes_on_and_nothing_is_planned_afterwards(now: datetime) -> None:
    add_contacts(PEOPLE, now)
    with SmtpServer() as server:
        dispatch = opened(relay_to(server, now), now, "test:large")
        with being_planned(dispatch, now) as planner:
            before = time.monotonic()
            answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
            assert time.monotonic() - before < 1
            assert planner.is_alive(), "it was still being planned"
        assert answer.certain and set(answer.figures.values()) == {0}
    assert queries.figures(dispatch.pk).by_state() == answer.figures, "the answer stays true"
    assert Dispatch.objects.get().state == Dispatch.State.STOPPED


def test_a_row_that_is_not_committed_yet_does_not_hold_up_the_stop(now: datetime) -> None:
    """The last instant of the planning, when the rows are written and their references are checked."""
    add_contacts(1, now)
    with SmtpServer() as server, psycopg.connect(database.conninfo()) as planner:
        dispatch = opened(relay_to(server, now), now, "test:large")
        planner.execute(
            "INSERT INTO delivery_ledger (dispatch_id, contact_id, address, address_key, address_hash, state,"
            " message_id, merge_values) SELECT %s, id, email, email_key, address_hash, 'queued',"
            " gen_random_uuid(), '{}' FROM people_contact",
            [dispatch.pk],
        )
        before = time.monotonic()
        stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        assert time.monotonic() - before < 1
        planner.rollback()


def test_other_dispatches_go_on_meanwhile(sender: Callable[..., SenderProcess], now: datetime) -> None:
    add_contacts(PEOPLE, now)
    with SmtpServer() as server:
        relay = relay_to(server, now)
        large, small = opened(relay, now, "test:large"), opened(relay, now, "test:small")
        sender()
        wait_until(lambda: queries.live_senders(now).exists())
        with being_planned(large, now) as planner:
            stopping.stop_dispatch(dispatch_id=large.pk, by=SYSTEM, now=now)
            planning.plan(dispatch=small, audience=ALL, now=now)
            wait_until(lambda: len(server.taken) == PEOPLE, seconds=10)
            assert planner.is_alive(), "all of the small one has left while the large one was being planned"
        wait_until_finished(small)
        assert check_ledger_against(server, small).accepted == PEOPLE


def test_stopped_and_released_in_the_middle_it_is_planned_anew_and_nobody_is_left_out(now: datetime) -> None:
    add_contacts(PEOPLE, now)
    with SmtpServer() as server:
        dispatch = opened(relay_to(server, now), now, "test:large")
        with being_planned(dispatch, now):
            stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
            releasing.release(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
            assert planning.plan(dispatch=dispatch, audience=ALL, now=now) == 0, "one plans at a time"
        assert not LedgerRow.objects.exists(), "what was begun before the stop is not carried out"
        assert planning.plan(dispatch=dispatch, audience=ALL, now=now) == PEOPLE
    figures = queries.figures(dispatch.pk)
    assert (figures.queued, figures.stopped) == (PEOPLE, 0)

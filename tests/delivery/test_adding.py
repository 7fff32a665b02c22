"""`planning.add`: the mails of a step join their dispatch a few at a time. Nobody twice (G1), nothing lost (G4), exact stops (G3)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction

from tashika.core import database, sql
from tashika.core.actors import SYSTEM
from tashika.delivery import planning, queries, stopping
from tashika.delivery.models import Dispatch, LedgerRow, Queued
from tashika.people.models import Contact
from tests.delivery.conftest import (
    SenderProcess,
    add_contacts,
    check_ledger_against,
    mail_version,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

PEOPLE = 40
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(transactional_db: None) -> Iterator[SmtpServer]:
    with SmtpServer() as one:
        yield one


@pytest.fixture
def step(server: SmtpServer, now: datetime) -> Dispatch:
    """The dispatch of a step, to which nobody has come yet."""
    add_contacts(PEOPLE, now)
    return planning.open_dispatch(
        reason="test:step",
        name="2通目",
        mail_version=mail_version(now),
        relay=relay_to(server, now),
        give_up_at=now + planning.GIVE_UP_AFTER,
        now=now,
        priority=planning.STEP,
    )


def people(start: int, end: int) -> planning.Audience:
    """Some of the invented people, by number."""
    keys = list(Contact.objects.order_by("pk").values_list("pk", flat=True)[start:end])
    return "SELECT unnest(%s::bigint[])", [keys]


def finish() -> None:
    """What a sender does each second."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "finish"))


@contextmanager
def in_a_thread(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Somebody else works meanwhile; at the end he is done."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(30)
    assert not thread.is_alive()


@contextmanager
def added_and_not_committed(step: Dispatch, audience: planning.Audience, now: datetime) -> Iterator[None]:
    """Another worker has added people, and its transaction is still open."""
    added, leave = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            planning.add(dispatch=step, audience=audience, now=now)
            added.set()
            leave.wait(30)

    with in_a_thread(work):
        assert added.wait(30)
        try:
            yield
        finally:
            leave.set()


def test_people_come_a_few_at_a_time_and_each_gets_the_mail_once(
    step: Dispatch, server: SmtpServer, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    sender()
    assert planning.add(dispatch=step, audience=people(0, 10), now=now) == 10
    wait_until_finished(step)
    assert planning.add(dispatch=step, audience=people(5, 20), now=now) == 10, "five had it"
    wait_until(lambda: len(server.taken) == 20)
    wait_until_finished(step)
    assert planning.add(dispatch=step, audience=people(0, 20), now=now) == 0
    assert check_ledger_against(server, step).accepted == 20
    step.refresh_from_db()
    assert (step.planned, step.state) == (20, Dispatch.State.FINISHED)


def test_who_may_not_get_it_is_on_record_with_the_reason_and_is_no_reason_to_wake_anybody(
    step: Dispatch, now: datetime
) -> None:
    planning.add(dispatch=step, audience=people(0, 1), now=now)
    Queued.objects.all().delete()
    finish()
    Contact.objects.filter(pk__in=people(1, 2)[1][0]).update(consent="withdrawn")
    assert planning.add(dispatch=step, audience=people(1, 2), now=now) == 1
    step.refresh_from_db()
    assert (step.planned, step.state) == (2, Dispatch.State.FINISHED)
    assert LedgerRow.objects.get(state="excluded").why == "opted_out"


def test_nothing_is_added_to_what_is_stopped_and_the_callers_work_stays(step: Dispatch, now: datetime) -> None:
    planning.add(dispatch=step, audience=people(0, 3), now=now)
    answer = stopping.stop_dispatch(dispatch_id=step.pk, by=SYSTEM, now=now)
    with transaction.atomic():
        Contact.objects.filter(pk__in=people(3, 4)[1][0]).update(company_name="株式会社あさひ")
        assert planning.add(dispatch=step, audience=people(3, 6), now=now) is None
    assert queries.figures(step.pk).by_state() == answer.figures
    assert Contact.objects.filter(company_name="株式会社あさひ").count() == 1


def test_g3_a_stop_during_an_add_waits_for_its_commit_and_counts_it(step: Dispatch, now: datetime) -> None:
    planning.add(dispatch=step, audience=people(0, 3), now=now)
    answers: list[stopping.StopAnswer] = []
    stopper = threading.Thread(
        target=lambda: (
            answers.append(stopping.stop_dispatch(dispatch_id=step.pk, by=SYSTEM, now=now)),
            connections.close_all(),
        )
    )
    with added_and_not_committed(step, people(3, 8), now):
        stopper.start()
        wait_until(_somebody_waits)
        assert not answers
    stopper.join(30)
    assert answers[0].figures["stopped"] == 8 == queries.figures(step.pk).stopped


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_g3_no_claim_and_so_no_stop_of_others_waits_for_an_add(step: Dispatch, now: datetime) -> None:
    """Claims count their moves while they hold the gate that every stop needs, whatever the number of their backend."""
    planning.add(dispatch=step, audience=people(0, 20), now=now)
    rows = list(LedgerRow.objects.values_list("pk", flat=True))
    with added_and_not_committed(step, people(20, 30), now):
        seen = set()
        while len(seen) < 8:
            with psycopg.connect(database.conninfo(), options="-c lock_timeout=1000") as one:
                if one.info.backend_pid % 8 not in seen:
                    seen.add(one.info.backend_pid % 8)
                    one.execute("UPDATE delivery_ledger SET state = 'sending' WHERE id = %s", [rows.pop()])
    figures = queries.figures(step.pk)
    assert (figures.planned, figures.sending, figures.queued) == (30, 8, 22)


def test_two_workers_who_add_the_same_people_write_each_once(step: Dispatch, now: datetime) -> None:
    written: list[int | None] = []
    both = [people(0, 30), people(10, 40)]
    with in_a_thread(lambda: written.append(planning.add(dispatch=step, audience=both[0], now=now))):
        written.append(planning.add(dispatch=step, audience=both[1], now=now))
    step.refresh_from_db()
    assert sum(number or 0 for number in written) == PEOPLE == step.planned == Queued.objects.count()


def test_g4_who_is_added_while_the_dispatch_is_being_finished_is_not_left_behind(step: Dispatch, now: datetime) -> None:
    planning.add(dispatch=step, audience=people(0, 1), now=now)
    Queued.objects.all().delete()
    slow = sql.load("delivery", "finish").replace("ORDER BY d.id", "AND pg_sleep(1) IS NOT NULL ORDER BY d.id")

    def finish_slowly() -> None:
        with connection.cursor() as cursor:
            cursor.execute(slow)

    with in_a_thread(finish_slowly):
        wait_until(_somebody_sleeps)
        planning.add(dispatch=step, audience=people(1, 2), now=now)
    step.refresh_from_db()
    assert (step.state, Queued.objects.count()) == (Dispatch.State.SENDING, 1)


def _somebody_sleeps() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return bool(cursor.fetchone()[0])


def test_nobody_waits_to_finish_what_is_being_added_to(step: Dispatch, now: datetime) -> None:
    planning.add(dispatch=step, audience=people(0, 1), now=now)
    Queued.objects.all().delete()
    with added_and_not_committed(step, people(1, 2), now), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 1000")
        finish()
        cursor.execute("RESET lock_timeout")
    finish()
    step.refresh_from_db()
    assert step.state == Dispatch.State.SENDING


def test_weeks_later_refusals_are_still_tried_again(step: Dispatch, now: datetime) -> None:
    later = now + timedelta(days=30)
    planning.add(dispatch=step, audience=people(0, 1), now=later)
    step.refresh_from_db()
    assert step.give_up_at == later + planning.GIVE_UP_AFTER

"""G1 Never twice: at most one mail per dispatch and contact, per dispatch and address; across everything."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from tashika.core.actors import SYSTEM
from tashika.delivery import planning, queries, releasing, stopping
from tashika.delivery.models import Dispatch, LedgerRow
from tests.delivery.conftest import (
    ALL,
    SenderProcess,
    check_ledger_against,
    mail_version,
    planned,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer


@pytest.mark.django_db
def test_asking_for_the_same_reason_twice_opens_and_plans_once(now: datetime) -> None:
    with SmtpServer() as server:
        first = planned(5, relay_to(server, now), now)
    again = planning.open_dispatch(
        reason=first.reason,
        name="again",
        mail_version=mail_version(now),
        relay=None,
        give_up_at=now + timedelta(days=1),
        now=now,
    )
    assert again.pk == first.pk
    assert planning.plan(dispatch=again, audience=ALL, now=now) == 5
    assert LedgerRow.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize("same", ["contact_id", "address_key"])
def test_the_database_itself_refuses_a_second_row(same: str, now: datetime) -> None:
    with SmtpServer() as server:
        planned(2, relay_to(server, now), now)
    first, second = LedgerRow.objects.order_by("pk")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"UPDATE delivery_ledger SET {same} = %s WHERE id = %s", [getattr(first, same), second.pk])


@pytest.mark.django_db
def test_an_accepted_row_can_never_be_queued_again(now: datetime) -> None:
    with SmtpServer() as server:
        planned(1, relay_to(server, now), now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_ledger SET state = 'sending'")
        cursor.execute("UPDATE delivery_ledger SET state = 'accepted'")
        with pytest.raises(IntegrityError, match="does not move from accepted to queued"):
            cursor.execute("UPDATE delivery_ledger SET state = 'queued'")


def test_two_senders_share_the_work_and_nobody_gets_it_twice(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer() as server:
        dispatch = planned(600, relay_to(server, now), now)
        sender(), sender()
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).accepted == 600


def test_killed_senders_leave_nothing_twice_and_nothing_lost(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """kill -9 five times in the middle; the next sender reads the journal of the dead one."""
    with SmtpServer(delay=0.004) as server:
        dispatch = planned(1500, relay_to(server, now), now)
        for kills in range(1, 6):
            one = sender()
            wait_until(lambda kills=kills: len(server.taken) >= kills * 200)
            one.kill()
        sender()
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted + figures.in_doubt == 1500
    assert figures.in_doubt <= 5 * 4, "no more doubts than connections at each kill"


def test_stop_and_release_send_nobody_a_second_copy(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer(delay=0.002) as server:
        dispatch = planned(800, relay_to(server, now), now)
        sender()
        for taken in (100, 300, 500):
            wait_until(lambda taken=taken: len(server.taken) >= taken)
            stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
            releasing.release(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted == 800
    assert Dispatch.objects.get().epoch == 4
    assert queries.recipients(dispatch.pk, "spared") == []

"""G3: a stop reaches into the queue of this host's Postfix: held by id, counted, released or deleted by a person."""

import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from bench.postfix import Postfix
from django.db import connection

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.core import clock
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.delivery import postfix_queue, queries, stopping
from tashika.delivery.models import Dispatch, HeldMail, LedgerRow, QueueLook, SenderHost
from tashika.delivery.relay_queue import holding, wishing
from tashika.delivery.relay_queue import queries as queue
from tashika.delivery.relay_queue.credit import LEAST
from tashika.people.models import Contact
from tests.delivery.conftest import SenderProcess, planned, relay_to, relay_to_one_at_a_time, wait_until
from tests.fakes.smtp_server import SmtpServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system]


@pytest.fixture
def far() -> Iterator[SmtpServer]:
    """A receiving site that takes its time."""
    with SmtpServer(delay=0.4) as server:
        yield server


@pytest.fixture
def running(
    postfix: Postfix, far: SmtpServer, sender: Callable[..., SenderProcess], now: datetime
) -> Iterator[Dispatch]:
    """A dispatch of which some mails have left, some wait in Postfix's queue, and some in ours."""
    relay_to_one_at_a_time(postfix, far)
    dispatch = planned(400, relay_to(postfix, now, on_this_host=True, credit_seconds=1), now)  # type: ignore[arg-type]
    sender()
    wait_until(lambda: len(far.taken) >= 3)
    yield dispatch


def held_for_good(dispatch: Dispatch) -> queue.Standing:
    """The figures once Postfix has finished what it was delivering."""
    wait_until(lambda: QueueLook.objects.filter(ended_at__isnull=False).exists())
    found = queue.standing(dispatch)
    assert found is not None and not found.error and found.under_way == 0
    return found


def in_hold() -> dict[str, str]:
    return {
        one.queue_id: one.recipients[0]
        for one in postfix_queue.waiting()
        if one.queue == postfix_queue.HELD and one.recipients
    }


def test_what_the_relay_has_not_delivered_is_held_and_counted(
    publisher: User, running: Dispatch, far: SmtpServer
) -> None:
    answer = stopping.stop_dispatch(dispatch_id=running.pk, by=SYSTEM, now=clock.now())
    assert answer.certain and (answer.answered_at - answer.pressed_at) < timedelta(seconds=2)
    found = held_for_good(running)
    assert found.handed_over == answer.figures["accepted"] < 400
    held = in_hold()
    assert found.held == len(held) > 20
    assert found.left == len(far.taken) >= 3 and found.left + found.held == found.handed_over
    rows = {one.queue_id: one for one in HeldMail.objects.all()}
    assert {row.queue_id: LedgerRow.objects.get(pk=row.row_id).address for row in rows.values()} == held
    assert {f"queued as {one}" in LedgerRow.objects.get(pk=rows[one].row_id).reply for one in held} == {True}
    assert Event.objects.filter(kind="mail_held").count() == found.held
    detail = AuditEntry.objects.get(verb="hold_in_queue").detail
    assert (detail["handed_over"], detail["held"], detail["left"]) == (found.handed_over, found.held, found.left)

    people = queue.held(running.pk, limit=1000)
    go, stay = [one.row_id for one in people[:5]], [one.row_id for one in people[5:]]
    wishing.release(dispatch_id=running.pk, rows=go, reason="宛先は正しい", by=publisher, now=clock.now())
    wishing.delete(dispatch_id=running.pk, reason="別の人の名前が入っていた", by=publisher, now=clock.now())
    wait_until(lambda: not HeldMail.objects.filter(state="held").exists())
    wait_until(lambda: len(far.taken) == found.left + 5 and not postfix_queue.waiting())
    arrived = [mail.recipient for mail in far.taken]
    assert len(arrived) == len(set(arrived)), "somebody got it twice"
    assert {one.address for one in people[:5]} <= set(arrived), "what was released arrives"
    assert {one.address for one in people[5:]}.isdisjoint(arrived), "what was deleted does not"
    assert set(HeldMail.objects.filter(state="released").values_list("pk", flat=True)) == set(go)
    deleted = LedgerRow.objects.get(pk=stay[0])
    assert deleted.state == "accepted" and "[deleted from the relay's queue: 別の人の名前が入っていた]" in deleted.reply
    assert set(Event.objects.filter(kind="mail_deleted").values_list("contact_id", flat=True)) == {
        one.contact_id for one in people[5:]
    }
    assert queries.figures(running.pk).by_state() == answer.figures, "the ledger's states stay as they were"


def test_an_emergency_stop_reaches_it_too_and_releases_nothing(publisher: User, running: Dispatch) -> None:
    stopping.emergency_stop(by=publisher, reason="", now=clock.now())
    found = held_for_good(running)
    assert found.held == len(in_hold()) > 20
    with pytest.raises(wishing.UnableToWish):
        wishing.release(dispatch_id=running.pk, reason="x", by=publisher, now=clock.now())
    stopping.release_emergency_stop(by=publisher, now=clock.now())
    wishing.release(dispatch_id=running.pk, reason="x", by=publisher, now=clock.now())


def test_the_queue_is_at_most_a_few_seconds_ahead(running: Dispatch, far: SmtpServer) -> None:
    most = 0
    for number in range(4, 16):
        wait_until(partial(has_taken, far, number))
        most = max(most, len(postfix_queue.ids_ahead()))
    assert 50 < most <= LEAST + 100, "no more than what may always be ahead, and a claim on its way"
    assert queries.figures(running.pk).queued > 150


def has_taken(far: SmtpServer, number: int) -> bool:
    return len(far.taken) >= number


@pytest.fixture
def house(now: datetime) -> UUID:
    """A host on the register."""
    host = SenderHost.objects.create(
        id=UUID(int=1), name="mail1", born="first", first_seen_at=now, seen_at=now, armed_at=now
    )
    return UUID(str(host.pk))


def dispatched(number: int, postfix: Postfix, now: datetime, **row: object) -> tuple[Dispatch, list[LedgerRow]]:
    """A dispatch of which all is handed over, and stopped."""
    dispatch = planned(number, relay_to(postfix, now, on_this_host=True), now)  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_ledger SET state = 'sending'")
        cursor.execute("UPDATE delivery_ledger SET state = %s, begun_at = %s", [row.get("state", "accepted"), now])
    stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
    return dispatch, list(LedgerRow.objects.order_by("pk"))


def look(house: UUID, now: datetime) -> None:
    """As often as it takes."""
    while holding.look_after_stops(host=house, now=now):
        now += timedelta(seconds=2)


def hand_over(postfix: Postfix, recipient: str, message_id: str) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=10) as server:
        words = f"Message-ID: <{message_id}@mirai.example.jp>\r\nSubject: test\r\n\r\ntest\r\n"
        server.sendmail("news@mirai.example.jp", [recipient], words)


def test_a_strangers_mail_is_never_held_whatever_its_recipient_or_queue_id(
    deferring_postfix: Postfix, house: UUID, now: datetime
) -> None:
    dispatch, (ours, other) = dispatched(2, deferring_postfix, now)
    hand_over(deferring_postfix, ours.address, str(ours.message_id))
    hand_over(deferring_postfix, other.address, "a-letter-of-our-own-people")
    hand_over(deferring_postfix, "stranger@elsewhere.example.jp", str(other.message_id))
    wait_until(lambda: len(postfix_queue.waiting()) == 3)
    strangers = next(one for one in postfix_queue.waiting() if one.recipients == (other.address,))
    LedgerRow.objects.filter(pk=other.pk).update(reply=f"250 2.0.0 Ok: queued as {strangers.queue_id}")
    look(house, now)
    assert list(in_hold().values()) == [ours.address]
    standing = queue.standing(dispatch)
    assert standing is not None and (standing.handed_over, standing.held, standing.left) == (2, 1, 1)


def test_what_is_in_doubt_and_waits_in_the_queue_is_held_and_settled(
    deferring_postfix: Postfix, house: UUID, now: datetime
) -> None:
    _, (row,) = dispatched(1, deferring_postfix, now, state="in_doubt")
    hand_over(deferring_postfix, row.address, str(row.message_id))
    look(house, now)
    row.refresh_from_db()
    assert row.state == "accepted" and HeldMail.objects.get().row_id == row.pk


def test_another_hand_in_the_queue_is_noticed(deferring_postfix: Postfix, house: UUID, now: datetime) -> None:
    _, (row,) = dispatched(1, deferring_postfix, now)
    hand_over(deferring_postfix, row.address, str(row.message_id))
    look(house, now)
    assert holding.watch(host=house, now=now) == 0
    postfix_queue.release(in_hold())
    assert holding.watch(host=house, now=now) == 1
    assert HeldMail.objects.get().state == "gone"


def test_who_has_opted_out_meanwhile_is_kept_back(
    deferring_postfix: Postfix, house: UUID, publisher: User, now: datetime
) -> None:
    """G5."""
    dispatch, rows = dispatched(2, deferring_postfix, now)
    for row in rows:
        hand_over(deferring_postfix, row.address, str(row.message_id))
    look(house, now)
    Contact.objects.filter(pk=rows[0].contact_id).update(consent="withdrawn")
    wished = wishing.release(dispatch_id=dispatch.pk, reason="x", by=publisher, now=now)
    assert (wished.mails, wished.kept_back) == (1, 1)
    assert holding.fulfil(host=house, now=now) == 1
    assert list(in_hold().values()) == [rows[0].address]


def test_a_dispatch_that_a_person_has_let_go_on_is_not_held(
    deferring_postfix: Postfix, house: UUID, now: datetime
) -> None:
    dispatch, (row,) = dispatched(1, deferring_postfix, now)
    hand_over(deferring_postfix, row.address, str(row.message_id))
    Dispatch.objects.update(state="sending")
    look(house, now)
    assert not in_hold() and queue.standing(dispatch) is None

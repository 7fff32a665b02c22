"""The sending window: when it is open, when it opens, and that bulk waits for it and what is urgent does not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.clock import JAPAN
from tashika.delivery import planning, queries, sending_window
from tashika.delivery.models import Dispatch
from tashika.delivery.sending_window import UnableToChangeWindow, Window
from tashika.delivery.waits import waits_of
from tests.delivery.conftest import SenderProcess, planned, relay_to, wait_until_finished
from tests.delivery.test_who_goes_first import urgent
from tests.fakes.smtp_server import SmtpServer

OFFICE = Window(limited=True)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-12-01 09:00", None),  # a Tuesday
        ("2026-12-01 17:59:59", None),
        ("2026-12-01 08:59", "2026-12-01 09:00"),
        ("2026-12-01 18:00", "2026-12-02 09:00"),
        ("2026-12-04 18:00", "2026-12-07 09:00"),  # over the weekend
        ("2026-11-22 12:00", "2026-11-24 09:00"),  # Monday the 23rd is a national holiday
        ("2027-05-02 12:00", "2027-05-06 09:00"),  # Golden Week
    ],
)
def test_it_opens_on_the_next_day_that_counts(moment: str, opens: str | None) -> None:
    assert OFFICE.is_open(at(moment)) is (opens is None)
    assert OFFICE.opens_at(at(moment)) == at(opens or moment)


def test_until_midnight_and_on_holidays_where_wished() -> None:
    late = Window(limited=True, begins=20, ends=24, days=frozenset({0}), holidays=True)
    assert late.is_open(at("2026-11-23 23:59")) and not late.is_open(at("2026-11-24 00:00"))
    assert Window().is_open(at("2026-11-22 03:00")), "not limited: always"


@pytest.mark.django_db
def test_a_window_in_which_nothing_could_leave_is_refused(publisher: User, now: datetime) -> None:
    by = actor_of(publisher)
    for field, window in (("ends", Window(True, 18, 9)), ("days", Window(True, days=frozenset()))):
        with pytest.raises(UnableToChangeWindow) as refused:
            sending_window.change(window, by=by, now=now)
        assert refused.value.where == field
    assert sending_window.current() == Window()
    sending_window.change(OFFICE, by=by, now=now)
    assert sending_window.current() == OFFICE


def test_bulk_waits_for_the_window_and_what_is_urgent_does_not(
    sender: Callable[..., SenderProcess], publisher: User, now: datetime
) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).astimezone(JAPAN).weekday()
    closed = Window(limited=True, begins=0, ends=24, days=frozenset({tomorrow}), holidays=True)
    sending_window.change(closed, by=actor_of(publisher), now=now)
    with SmtpServer() as server:
        relay = relay_to(server, now)
        bulk = planned(5, relay, now)
        sender()
        wait_until_finished(urgent(relay, now))
        assert queries.figures(bulk.pk).queued == 5
        found = waits_of(Dispatch.objects.get(pk=bulk.pk), now=clock.now())
        assert [(wait.kind, wait.until) for wait in found] == [("window", closed.opens_at(clock.now()))]
        sending_window.change(Window(), by=actor_of(publisher), now=now)
        wait_until_finished(bulk)
        assert queries.figures(bulk.pk).accepted == 5
    assert bulk.priority == planning.BULK

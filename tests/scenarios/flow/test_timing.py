"""When a wait ends."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tashika.core.clock import JAPAN
from tashika.delivery.sending_window import is_holiday
from tashika.scenarios.flow import timing


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("wait", "arrived", "ends"),
    [
        ({"minutes": 90}, "2026-11-25T10:00", "2026-11-25T11:30"),
        ({"days": 3}, "2026-12-30T10:00", "2027-01-02T10:00"),
        ({"business_days": 1}, "2026-11-20T18:00", "2026-11-24T18:00"),  # a Friday, a weekend, Labour Thanksgiving Day
        ({"business_days": 3}, "2026-11-19T09:00", "2026-11-25T09:00"),
        (
            {"business_days": 3},
            "2026-05-01T09:00",
            "2026-05-11T09:00",
        ),  # Golden Week: Sun 3, Mon 4, Tue 5, Wed 6 (休日)
        ({"weekday": 1, "time": "10:00"}, "2026-11-24T09:59", "2026-11-24T10:00"),
        ({"weekday": 1, "time": "10:00"}, "2026-11-24T10:00", "2026-12-01T10:00"),
        ({"at": "2026-12-01T10:00:00+09:00"}, "2026-11-24T10:00", "2026-12-01T10:00"),
        ({"at": "2026-12-01T10:00:00+09:00"}, "2026-12-24T10:00", "2026-12-24T10:00"),
    ],
)
def test_a_wait_ends_when_people_would_say(wait: dict[str, Any], arrived: str, ends: str) -> None:
    assert timing.wait_ends(wait, None, at(arrived)) == at(ends)


def test_a_window_moves_the_end_to_working_hours() -> None:
    window = {"begins": 9, "ends": 18, "days": "1111100", "holidays": False}
    assert timing.wait_ends({"hours": 2}, window, at("2026-11-20T17:00")) == at("2026-11-24T09:00")
    assert timing.wait_ends({"hours": 2}, window, at("2026-11-20T15:00")) == at("2026-11-20T17:00")


@given(
    number=st.integers(1, 60),
    arrived=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
)
def test_business_days_end_on_one_and_pass_as_many(number: int, arrived: datetime) -> None:
    begun = arrived.replace(tzinfo=JAPAN)
    end = timing.after({"business_days": number}, begun)
    days = [begun.date().fromordinal(day) for day in range(begun.date().toordinal() + 1, end.date().toordinal() + 1)]
    working = [day for day in days if day.weekday() < 5 and not is_holiday(day)]
    assert len(working) == number
    assert working[-1] == end.date()
    assert end.timetz() == begun.timetz()


@pytest.mark.parametrize(
    "span",
    [
        {},
        {"days": 0},
        {"days": -1},
        {"days": 1.5},
        {"days": True},
        {"years": 1},
        {"days": 1, "hours": 1},
        {"days": 10**9},
    ],
)
def test_what_is_no_span_is_refused(span: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        timing.after(span, at("2026-11-25T10:00"))

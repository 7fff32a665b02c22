"""When a wait ends. Japan time; business days are Monday to Friday without national holidays. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as Time
from typing import Any

from tashika.core.clock import JAPAN
from tashika.delivery.sending_window import Window, is_holiday

MOST_DAYS = 3660
SPANS = ("minutes", "hours", "days", "business_days")


def wait_ends(wait: Mapping[str, Any], window: Mapping[str, Any] | None, arrived: datetime) -> datetime:
    """When somebody who arrives at a wait goes on. Raises ValueError, TypeError or KeyError for settings that are none."""
    if "at" in wait:
        end = max(arrived, moment(wait["at"]))
    elif "weekday" in wait:
        end = _weekday(int(wait["weekday"]), clock_time(wait["time"]), arrived)
    else:
        end = after(wait, arrived)
    return _window(window).opens_at(end) if window else end


def after(span: Mapping[str, Any], begun: datetime) -> datetime:
    """A span after a moment; of business days it is the same time of day on the n-th working day after. Raises ValueError
    unless it is one span of a sensible size."""
    ((unit, number),) = span.items()
    if (
        unit not in SPANS
        or type(number) is not int
        or not 0 < number <= MOST_DAYS * (1440 if unit == "minutes" else 24)
    ):
        raise ValueError(f"{unit}: {number}")
    if unit == "business_days":
        local = begun.astimezone(JAPAN)
        return datetime.combine(_business_day(local.date(), number), local.timetz())
    return begun + timedelta(**{unit: number})


def moment(words: Any) -> datetime:
    """A moment with its offset. Raises ValueError."""
    found = datetime.fromisoformat(str(words))
    if found.tzinfo is None:
        raise ValueError("a moment without its offset")
    return found


def clock_time(words: Any) -> Time:
    """A time of day, such as 10:00. Raises ValueError."""
    found = Time.fromisoformat(str(words))
    if found.tzinfo is not None:
        raise ValueError("a time of day with an offset")
    return found


def window_of(settings: Mapping[str, Any]) -> Window:
    """The hours of a wait. Raises ValueError where nothing could ever leave in them."""
    found = _window(settings)
    if not 0 <= found.begins < found.ends <= 24 or not found.days:
        raise ValueError("a window that never opens")
    return found


def _weekday(weekday: int, at: Time, arrived: datetime) -> datetime:
    """The first such weekday at such a time after a moment."""
    if not 0 <= weekday <= 6:
        raise ValueError(weekday)
    local = arrived.astimezone(JAPAN)
    day = local.date() + timedelta(days=(weekday - local.weekday()) % 7)
    found = datetime.combine(day, at, JAPAN)
    return found if found > local else found + timedelta(days=7)


def _business_day(day: date, number: int) -> date:
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5 and not is_holiday(day)
    return day


def _window(settings: Mapping[str, Any]) -> Window:
    days = frozenset(day for day, mark in enumerate(str(settings.get("days", "1111100"))) if mark == "1" and day < 7)
    begins, ends = int(settings.get("begins", 9)), int(settings.get("ends", 18))
    return Window(True, begins, ends, days, bool(settings.get("holidays")))

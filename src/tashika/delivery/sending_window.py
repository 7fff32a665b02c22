"""The sending window (配信時間帯): the hours and weekdays, Japan time, in which bulk leaves. What falls due outside goes when
it opens; what is urgent passes at any time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import jpholiday
from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.clock import JAPAN
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery.models import SendingWindow

_DAYS_AHEAD = 60  # further than any run of holidays


class UnableToChangeWindow(TashikaError):
    """Nothing could ever be sent in such a window; `where` is its field."""

    code = "unable_to_change_window"
    status = 422


@dataclass(frozen=True, slots=True)
class Window:
    """From `begins` o'clock until `ends` o'clock (24: midnight), on `days` (0 is Monday); `holidays`: on national
    holidays, too. Not `limited`: always open."""

    limited: bool = False
    begins: int = 9
    ends: int = 18
    days: frozenset[int] = frozenset(range(5))
    holidays: bool = False

    def is_open(self, moment: datetime) -> bool:
        """Whether bulk may leave at a moment."""
        local = moment.astimezone(JAPAN)
        return not self.limited or (self.begins <= local.hour < self.ends and self._is_day(local.date()))

    def opens_at(self, moment: datetime) -> datetime:
        """The first moment from this one on at which it is open."""
        if self.is_open(moment):
            return moment
        local = moment.astimezone(JAPAN)
        today = local.replace(hour=self.begins, minute=0, second=0, microsecond=0)
        openings = (today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD))
        return next(opening for opening in openings if opening > local and self._is_day(opening.date()))

    def _is_day(self, day: date) -> bool:
        return day.weekday() in self.days and (self.holidays or not is_holiday(day))


@lru_cache(maxsize=400)
def is_holiday(day: date) -> bool:
    """Whether a day is a national holiday of Japan."""
    return bool(jpholiday.is_holiday(day))


def current() -> Window:
    """The organisation's window."""
    found = SendingWindow.objects.first()
    if found is None:
        return Window()
    days = frozenset(day for day, mark in enumerate(found.days) if mark == "1")
    return Window(found.limited, found.begins, found.ends, days, found.holidays)


def change(window: Window, *, by: Actor, now: datetime) -> None:
    """Set it. Raises UnableToChangeWindow naming the field."""
    if not 0 <= window.begins < window.ends <= 24:
        raise UnableToChangeWindow(
            t("終わりは始まりよりあとにしてください。", "It has to end after it begins."), where="ends"
        )
    if not window.days <= frozenset(range(7)) or not window.days:
        raise UnableToChangeWindow(t("曜日を一つ以上選んでください。", "Choose a weekday at least."), where="days")
    days = "".join("1" if day in window.days else "0" for day in range(7))
    values = {
        "limited": window.limited,
        "begins": window.begins,
        "ends": window.ends,
        "days": days,
        "holidays": window.holidays,
    }
    with transaction.atomic():
        SendingWindow.objects.update_or_create(id=1, defaults=values)
        audit.record(actor=by, verb="change_sending_window", subject="sending_window", now=now, detail=values)

"""The clock. Domain verbs take `now` as an argument; only the ways in read it here."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone as django_timezone
from django.utils import translation

JAPAN = ZoneInfo("Asia/Tokyo")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # not strftime's, which follow the system's locale
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = "月火水木金土日"


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(tz=UTC)


def microseconds() -> int:
    """This moment in microseconds since 1970: how senders count, a thousand times a second."""
    return time.time_ns() // 1000


def aware(local: datetime) -> datetime:
    """A moment that was given without an offset: it means the installation's time zone."""
    return django_timezone.make_aware(local)


def in_words(moment: datetime) -> str:
    """A moment in the active language: 2026年11月24日(火) 18:40, or Tue 24 Nov 2026 18:40."""
    local = django_timezone.localtime(moment)
    if (translation.get_language() or "ja").startswith("ja"):
        return f"{local.year}年{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%Y %H:%M}"


def to_the_second(moment: datetime) -> str:
    """The same with seconds. For what a person has to answer for, such as the last mail."""
    return f"{in_words(moment)}:{django_timezone.localtime(moment):%S}"


def seconds(amount: float) -> timedelta:
    """A span of seconds."""
    return timedelta(seconds=amount)

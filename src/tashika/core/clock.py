"""The clock. Domain verbs take `now` as an argument; only the ways in read it here."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone as django_timezone

JAPAN = ZoneInfo("Asia/Tokyo")
_WEEKDAYS = "月火水木金土日"


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(tz=UTC)


def in_words(moment: datetime) -> str:
    """A moment as people in Japan write it: 2026年11月24日(火) 18:40."""
    local = django_timezone.localtime(moment)
    return f"{local.year}年{local.month}月{local.day}日({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def to_the_second(moment: datetime) -> str:
    """The same with seconds: 2026年11月24日(火) 18:40:07. For what a person has to answer for, such as the last mail."""
    return f"{in_words(moment)}:{django_timezone.localtime(moment):%S}"


def seconds(amount: float) -> timedelta:
    """A span of seconds."""
    return timedelta(seconds=amount)

"""Failed log-ins, counted per address and origin: few tries in ten minutes."""

from datetime import datetime, timedelta

from django.db.models import Q

from tashika.accounts.models import FailedLogin

WINDOW = timedelta(minutes=10)
PER_ADDRESS = 10
PER_ORIGIN = 50


def may_try(*, email: str, origin: str, now: datetime) -> bool:
    """Whether another try is allowed."""
    recent = FailedLogin.objects.filter(at__gt=now - WINDOW)
    return recent.filter(email=email).count() < PER_ADDRESS and recent.filter(origin=origin).count() < PER_ORIGIN


def note_failure(*, email: str, origin: str, now: datetime) -> None:
    """Remember a failure; those that no longer count are forgotten."""
    FailedLogin.objects.filter(at__lt=now - WINDOW).delete()
    FailedLogin.objects.create(email=email[:254], origin=origin[:64], at=now)


def forget(*, email: str, origin: str) -> None:
    """The person is in: their own failures are forgiven."""
    FailedLogin.objects.filter(Q(email=email) & Q(origin=origin)).delete()

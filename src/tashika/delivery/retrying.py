"""When to try again after a temporary refusal. Pure."""

from datetime import datetime, timedelta

# RFC 5321 4.5.4.1 asks for 30 minutes at first for a host that was tried; greylisting lets go after five.
_DELAYS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
)


def next_attempt(*, attempts: int, now: datetime, give_up_at: datetime) -> datetime | None:
    """When a row that was refused for the time being is due again; None when the dispatch gives up before that.
    `attempts` counts the tries before this one."""
    due = now + _DELAYS[min(attempts, len(_DELAYS) - 1)]
    return due if due < give_up_at else None

"""The senders and relays as they stand: read from what senders say with each renewal of their permit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from tashika.core.processes import KEPT
from tashika.delivery.models import Relay, Sender, Stop


@dataclass(frozen=True, slots=True)
class Watched:
    """A sender process. `state` is live; silent: its permit has run out and nobody has spoken for it; or ended."""

    id: UUID
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    state: str
    permit_left: float  # seconds
    seen_stop: int
    says: dict[str, Any]

    @property
    def name(self) -> str:
        """How people and figures call it."""
        return f"{self.host}:{self.pid}"

    @property
    def lanes(self) -> list[dict[str, Any]]:
        """Its relays, as `lanes.Lane.says` told."""
        return list(self.says.get("lanes", []))

    def total(self, key: str) -> float:
        """A figure over all its relays."""
        return sum(lane[key] for lane in self.lanes) if self.state == "live" else 0


@dataclass(frozen=True, slots=True)
class WatchedRelay:
    """A relay with what all live senders do with it."""

    relay: Relay
    connections: int = 0
    rate: float = 0.0
    waiting: int = 0
    failures: int = 0
    rests_until: datetime | None = None
    senders: list[str] = field(default_factory=list)


def senders(now: datetime) -> list[Watched]:
    """Senders that have not ended, and those that ended a moment ago; the silent ones first."""
    recent = Q(ended_at=None) | Q(ended_at__gt=now - KEPT)
    rows = [_watched(one, now) for one in Sender.objects.filter(recent)]
    order = {"silent": 0, "live": 1, "ended": 2}
    return sorted(rows, key=lambda one: (order[one.state], one.started_at))


def relays(watched: list[Watched]) -> list[WatchedRelay]:
    """Every relay in use."""
    return [_relay(relay, watched) for relay in Relay.objects.filter(archived_at=None).order_by("-is_default", "pk")]


def last_answered(watched: list[Watched]) -> dict[int, Stop]:
    """The newest stop that each sender has answered, by its id."""
    return Stop.objects.in_bulk([one.seen_stop for one in watched if one.seen_stop])


def _watched(one: Sender, now: datetime) -> Watched:
    state = "ended" if one.ended_at else "live" if one.permit_until > now else "silent"
    left = (one.permit_until - now) / timedelta(seconds=1)
    return Watched(
        one.pk, one.host, one.pid, one.started_at, one.seen_at, one.ended_at, state, left, one.seen_stop, one.says
    )


def _relay(relay: Relay, watched: list[Watched]) -> WatchedRelay:
    found = [(one.name, lane) for one in watched if one.state == "live" for lane in one.lanes]
    mine = [(name, lane) for name, lane in found if lane["relay"] == relay.pk]
    rests = max((lane["rests_until"] or 0 for _, lane in mine), default=0)
    return WatchedRelay(
        relay=relay,
        connections=sum(lane["connections"] for _, lane in mine),
        rate=sum(lane["rate"] for _, lane in mine),
        waiting=sum(lane["waiting"] + lane["under_way"] for _, lane in mine),
        failures=max((lane["failures"] for _, lane in mine), default=0),
        rests_until=datetime.fromtimestamp(rests, tz=UTC) if rests else None,
        senders=[name for name, _ in mine],
    )

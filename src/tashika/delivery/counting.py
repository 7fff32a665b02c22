"""What a sender counts of itself, per relay, and says with each renewal of its permit: no round trip of its own.

On the hot path there are additions of whole numbers alone; names and labels are put to them once a second.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from tashika.core import processes
from tashika.core.counting import Counted, as_counted
from tashika.delivery.smtp.client import Result

JOURNALS_EVERY = 30.0  # seconds between two looks at how large the journals are


class LaneCounts:
    """Of one relay in this process, since it began."""

    __slots__ = (
        "begun", "claim_seconds", "claimed", "claims", "connect_seconds", "connected", "envelope_us", "outcomes",
        "record_seconds", "recorded", "records", "replied", "reply_us", "unreachable",
    )  # fmt: skip

    def __init__(self) -> None:
        self.begun = self.replied = 0  # transactions; bodies that were handed over and answered
        self.envelope_us = self.reply_us = 0  # from its building to the body; from the body to the reply
        self.outcomes: Counter[tuple[str, str]] = Counter()  # outcome, first three characters of the reply
        self.connected = self.unreachable = 0
        self.connect_seconds = self.claim_seconds = self.record_seconds = 0.0
        self.claims = self.claimed = self.records = self.recorded = 0

    def concluded(self, result: Result, begun: int, body: int, ended: int) -> None:
        """A transaction ended. Moments are microseconds; `body` is 0 where none was handed over."""
        self.outcomes[result.outcome.value, result.reply[:3]] += 1
        if body:
            self.replied += 1
            self.envelope_us += body - begun
            self.reply_us += ended - body

    def counted(self, relay: str) -> Counted:
        """Everything so far, by the names of `metrics`."""
        outcomes: Counter[tuple[str, str]] = Counter()
        for (outcome, start), number in self.outcomes.items():
            outcomes[outcome, start if len(start) == 3 and start.isdigit() else ""] += number
        values: list[tuple[tuple[str, ...], float]] = [
            (("smtp_begun", relay), self.begun),
            (("smtp_connections", relay), self.connected),
            (("smtp_unreachable", relay), self.unreachable),
            (("smtp_seconds", relay, "connect"), self.connect_seconds),
            (("smtp_seconds", relay, "envelope"), self.envelope_us / 1e6),
            (("smtp_seconds", relay, "reply"), self.reply_us / 1e6),
            (("smtp_replied", relay), self.replied),
            (("ledger_seconds", "claim"), self.claim_seconds),
            (("ledger_seconds", "record"), self.record_seconds),
            (("ledger_statements", "claim"), self.claims),
            (("ledger_statements", "record"), self.records),
            (("ledger_moved", "claim"), self.claimed),
            (("ledger_moved", "record"), self.recorded),
            *((("smtp_concluded", relay, *key), number) for key, number in outcomes.items()),
        ]
        return as_counted(values)


_of: dict[int, LaneCounts] = {}
_interrupted: dict[str, Any] = {"times": 0}
_journals: tuple[float, int] = (0.0, 0)  # looked at when, bytes


def of_relay(relay: int) -> LaneCounts:
    """This process's counts of a relay; they outlive the lane."""
    return _of.setdefault(relay, LaneCounts())


def interrupted(error: BaseException) -> None:
    """The sender had to begin again. Of the error its kind is kept, never its words."""
    _interrupted.update(times=_interrupted["times"] + 1, at=time.time(), by=type(error).__name__)


def says(lanes: list[dict[str, Any]], journals: Path) -> dict[str, Any]:
    """What the register keeps of this sender: its lanes at this instant, and all that was counted."""
    counted = [one for relay, counts in _of.items() for one in counts.counted(str(relay))]
    return {
        "memory": processes.memory(),
        "journals": _journal_bytes(journals),
        "interrupted": _interrupted,
        "lanes": lanes,
        "counts": _summed(counted),
    }


def _summed(counted: Counted) -> Counted:
    """What has no relay among its labels comes once."""
    sums: dict[tuple[str, ...], float] = {}
    for name, labels, value in counted:
        sums[name, *labels] = sums.get((name, *labels), 0) + value
    return as_counted(sums.items())


def _journal_bytes(folder: Path) -> int:
    global _journals
    looked, size = _journals
    if time.monotonic() - looked > JOURNALS_EVERY or not looked:
        size = sum(_size(path) for path in folder.glob("*")) if folder.is_dir() else 0
        _journals = (time.monotonic(), size)
    return size


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # rotated a moment ago
        return 0

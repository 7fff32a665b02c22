"""A sender's permit: what may begin at this instant. It knows no database and no socket, and its clock is handed in."""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

FOREWARNED = 2.0  # seconds that what is about to be stopped is held; the press comes within milliseconds


def since_boot() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Permit:
    """A transaction or a body begins only while the permit runs, and not after a stop that was heard of (G3)."""

    def __init__(self, span: timedelta, clock: Callable[[], float] = since_boot) -> None:
        self.span = span
        self.clock = clock
        self.all_stopped = False
        self.closing = False
        self._stopped: dict[int, int] = {}  # dispatch -> epoch from which on rows may go again
        self._held: dict[int | None, float] = {}  # dispatch (None: all) -> until when
        self._ends = 0.0

    def may_begin(self, dispatch: int, epoch: int) -> bool:
        """Whether a transaction or a body of a claim of this epoch may begin at this instant."""
        return (
            not self.closing
            and not self.all_stopped
            and self.clock() < self._ends
            and epoch >= self._stopped.get(dispatch, 0)
            and not (self._held and self._is_held(dispatch))
        )

    def runs_from(self, begun: float) -> None:
        """The register was asked at this moment, and has granted it."""
        self._ends = begun + self.span.total_seconds()

    def hear(self, stops: Iterable[tuple[int, int | None, int | None]]) -> None:
        """Stops on record: id, dispatch (None: all) and the dispatch's epoch."""
        for _, dispatch, epoch in stops:
            self._held.pop(dispatch, None)
            if dispatch is None:
                self.all_stopped = True
            else:
                self._stopped[dispatch] = epoch or 0

    def hold(self, dispatch: int | None) -> None:
        """A stop of a dispatch (None: of all) is about to be pressed: begin nothing of it until it is heard of, or for
        `FOREWARNED` seconds if none comes."""
        self._held[dispatch] = self.clock() + FOREWARNED

    def _is_held(self, dispatch: int) -> bool:
        now = self.clock()
        self._held = {one: until for one, until in self._held.items() if now < until}
        return dispatch in self._held or None in self._held

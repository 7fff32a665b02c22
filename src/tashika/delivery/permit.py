"""A sender's permit: what may begin at this instant. It knows no database and no socket, and its clock is handed in."""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

NEVER = 2**62  # an epoch that no dispatch reaches


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
        self._ends = 0.0

    def may_begin(self, dispatch: int, epoch: int) -> bool:
        """Whether a transaction or a body of a claim of this epoch may begin at this instant."""
        return (
            not self.closing
            and not self.all_stopped
            and self.clock() < self._ends
            and epoch >= self._stopped.get(dispatch, 0)
        )

    def runs_from(self, begun: float) -> None:
        """The register was asked at this moment, and has granted it."""
        self._ends = begun + self.span.total_seconds()

    def hear(self, stops: Iterable[tuple[int, int | None, int | None]]) -> None:
        """Stops on record: id, dispatch (None: all) and the dispatch's epoch."""
        for _, dispatch, epoch in stops:
            if dispatch is None:
                self.all_stopped = True
            else:
                self._stopped[dispatch] = epoch or 0

    def hold(self, dispatch: int) -> int | None:
        """Begin nothing of a dispatch until a stop is heard or `let_go`, which takes what is returned; None: it is held
        already."""
        before = self._stopped.get(dispatch, 0)
        if before == NEVER:
            return None
        self._stopped[dispatch] = NEVER
        return before

    def let_go(self, dispatch: int, before: int) -> None:
        """No stop came."""
        if self._stopped[dispatch] == NEVER:
            self._stopped[dispatch] = before

"""How much may be handed over ahead of a relay's queue: a few seconds of mail at the rate at which it delivers. Pure.

The rate is the larger of two figures that can only be too low: the mails that were seen in the queue and are gone (those
that came and went between two looks are missed), and those that we handed over and that are not there (others may have
handed over, too). While the queue is long the first is exact, while it is short either lets us go on.
"""

LEAST = 100  # mails that may always be ahead: nothing is known of a relay before it has had some
_WEIGHT = 0.3  # of the newest figure where it is lower than before


class Credit:
    """Of one lane. `seconds` None: the relay's queue is not ours to see, and nothing is held back."""

    def __init__(self, seconds: float | None, begun: int = 0) -> None:
        self.rate = 0.0  # mails a second that leave the queue
        self._seconds = seconds
        self._blind = False
        self._ahead: frozenset[str] = frozenset()
        self._begun = begun  # by us until the last look
        self._at: float | None = None

    def is_open(self, begun: int) -> bool:
        """Whether more may be claimed; `begun` mails were begun by us so far, or are about to be."""
        if self._seconds is None or self._blind:
            return True
        return len(self._ahead) + begun - self._begun < max(LEAST, self._seconds * self.rate)

    def is_idle(self, begun: int) -> bool:
        """Whether a look would tell nothing: the queue was empty, and nothing was begun since."""
        return self._at is not None and not self._ahead and begun == self._begun

    def looked(self, ahead: frozenset[str], *, begun: int, now: float) -> None:
        """The queue ids that are ahead at `now`, on a monotonic clock in seconds."""
        if self._at is None:
            handed_over = 0  # what is there may be anybody's
        else:
            handed_over = begun - self._begun
            left = max(len(self._ahead - ahead), len(self._ahead) + handed_over - len(ahead))
            self._learn(left / max(0.01, now - self._at), had_work=bool(self._ahead or handed_over))
        self._ahead, self._begun, self._at, self._blind = ahead, begun, now, False

    def failed(self) -> None:
        """The queue can't be looked at: nothing is held back until it can."""
        self._blind, self._at = True, None

    def _learn(self, rate: float, *, had_work: bool) -> None:
        if had_work:
            self.rate = max(rate, (1 - _WEIGHT) * self.rate + _WEIGHT * rate)

"""How fast a relay may be given mails. Pure."""


class Pace:
    """At most so many mails an hour, evenly; None: as fast as it takes them."""

    def __init__(self, per_hour: int | None) -> None:
        self._span = 3600 / per_hour if per_hour else 0.0
        self._next = 0.0

    def take(self, now: float) -> float:
        """Seconds to wait until the next mail may begin; 0 means that it begins now and is counted. `now` is of a
        monotonic clock."""
        if not self._span:
            return 0.0
        if now < self._next:
            return self._next - now
        self._next = max(now, self._next) + self._span
        return 0.0

"""What a process counts of itself: numbers that only grow, by name and labels. Pure."""

from collections.abc import Iterable, Sequence
from threading import Lock

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # upper bounds of a distribution's parts

Counted = list[tuple[str, list[str], float]]  # name, labels, value: what is kept as JSON


class Counts:
    """Counts of one process, from several threads."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, ...], float] = {}
        self._lock = Lock()

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Count one, or as many."""
        with self._lock:
            self._values[name, *labels] = self._values.get((name, *labels), 0) + by

    def took(self, name: str, *labels: str, seconds: float) -> None:
        """Count a duration into its part of the distribution, and into the sum."""
        part = next((str(bound) for bound in SECONDS if seconds <= bound), "+Inf")
        self.add(name, *labels, part)
        self.add(name, *labels, "sum", by=seconds)

    def counted(self) -> Counted:
        """Everything so far."""
        with self._lock:
            return as_counted(self._values.items())


def as_counted(values: Iterable[tuple[Sequence[str], float]]) -> Counted:
    """Values by (name, labels …) in the form that is kept."""
    return [(key[0], list(key[1:]), round(value, 6)) for key, value in values]

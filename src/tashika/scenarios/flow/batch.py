"""A set of people at a node."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tashika.scenarios.flow.nodes import Node
from tashika.scenarios.flow.running import Running


class Walker(NamedTuple):
    """Somebody on their way through a flow: the enrolment's id and what a step has to know."""

    id: int
    contact: int
    round: int
    verdict: str
    skipping: bool
    due_at: datetime


@dataclass(slots=True)
class Batch:
    """Those of whom a node's work is to be done now."""

    flow: Running
    node: Node
    now: datetime
    walkers: list[Walker]
    taken: int = field(init=False)
    held: int = field(default=0, init=False)  # who stay, to be tried again

    def __post_init__(self) -> None:
        self.taken = len(self.walkers)

    @property
    def gone(self) -> int:
        """How many steps were done."""
        return self.taken - self.held

    @property
    def contacts(self) -> list[int]:
        return [one.contact for one in self.walkers]

    def leave(self, walkers: list[Walker], why: str, *, leave: Callable[["Batch", list[Walker], str], None]) -> None:
        """These leave; the others stay in the set."""
        if walkers:
            leave(self, walkers, why)
            out = {one.id for one in walkers}
            self.walkers = [one for one in self.walkers if one.id not in out]

"""A set of people at a node."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db import connection

from tashika.audiences.rules import Compiled
from tashika.scenarios.flow.nodes import Node
from tashika.scenarios.flow.running import Running


class Walker(NamedTuple):
    """Somebody on their way through a flow: the enrolment's id and what a step has to know."""

    id: int
    contact: int
    round: int
    verdict: str
    skipping: bool


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

    def meeting(self, condition: Compiled) -> set[int]:
        """The contacts of the set that meet a condition; who is gone meets none."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id FROM people_contact c WHERE c.id = ANY (%s) AND ({condition.sql})",
                [self.contacts, *condition.values],
            )
            return {row[0] for row in cursor.fetchall()}


def by_round(walkers: list[Walker]) -> list[tuple[int, list[Walker]]]:
    """The same people by how often they have entered."""
    ordered = sorted(walkers, key=lambda one: one.round)
    return [(number, list(people)) for number, people in groupby(ordered, key=lambda one: one.round)]

"""A host's clock that is set: every process of that host sees the other time, its database too; the machine's own
clock is left alone (see clock_shift.c). Clocks that nobody can set go on, as they do in earnest."""

import time
from typing import ClassVar

from bench.chaos.faults.fault import Fault
from bench.chaos.rounds import Round


class ClockForward(Fault):
    """The clock of one host jumps ahead by minutes or hours, and later back."""

    name = "clock set forward"
    needs = "clock"
    direction: ClassVar[int] = 1

    def strike(self, round_: Round) -> None:
        house = round_.house
        hosts = [house.here, house.there] if house.network else [house.here]
        host = round_.dice.choice(hosts)
        seconds = self.direction * round_.dice.choice([5, 90, 600, 7200, 86_400])
        host.set_clock(seconds)
        round_.notes.append(f"{'database and two senders' if host is house.here else 'far sender'}, {seconds:+} s")
        time.sleep(round_.dice.uniform(0.0, 1.0))

    def heal(self, round_: Round) -> None:
        round_.house.here.set_clock(0)
        round_.house.there.set_clock(0)


class ClockBack(ClockForward):
    """The clock of one host jumps back, and later forward again."""

    name = "clock set back"
    direction = -1

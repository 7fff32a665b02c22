"""A sender that can't reach the database while the mail server answers it as ever."""

import time

from bench.chaos.faults.fault import Fault
from bench.chaos.house import PERMIT
from bench.chaos.rounds import Round


class CutOff(Fault):
    """The far sender's wire to the database is cut for longer than its permit, or for less."""

    name = "a sender cut off from the database, SMTP reachable"
    needs = "network"
    seconds = 8.0
    stops = 0.7

    def strike(self, round_: Round) -> None:
        assert round_.house.network
        round_.house.network.cut()
        self._until = time.monotonic() + round_.dice.uniform(0.3, PERMIT + 1.5)

    def heal(self, round_: Round) -> None:
        assert round_.house.network
        time.sleep(max(0.0, self._until - time.monotonic()))
        round_.house.network.mend()

"""Processes that are killed or frozen."""

import os
import signal
import time

from bench.chaos.faults.fault import Fault
from bench.chaos.house import PERMIT
from bench.chaos.rounds import Round


def _senders(round_: Round) -> list[int]:
    """The process ids of every sender, in an order drawn."""
    house = round_.house
    ours = [process.pid for process in (house.near, house.far) if process and process.poll() is None]
    found = [*house.children("sender"), *ours]
    round_.dice.shuffle(found)
    return found


class KillSender(Fault):
    """kill -9 of one sender."""

    name = "kill -9 of a sender"

    def strike(self, round_: Round) -> None:
        os.kill(_senders(round_)[0], signal.SIGKILL)


class KillEverySender(Fault):
    """kill -9 of all senders at once, on both hosts."""

    name = "kill -9 of every sender"
    seconds = 6.0

    def strike(self, round_: Round) -> None:
        for pid in _senders(round_):
            os.kill(pid, signal.SIGKILL)


class KillDatabase(Fault):
    """kill -9 of the postmaster; `up` starts it again."""

    name = "kill -9 of the database"
    seconds = 4.0

    def strike(self, round_: Round) -> None:
        pid = round_.house.postmaster()
        assert pid
        os.kill(pid, signal.SIGKILL)


class KillWeb(Fault):
    """kill -9 of the web process, its own workers too; `up` starts it again."""

    name = "kill -9 of the web process"
    seconds = 4.0

    def strike(self, round_: Round) -> None:
        for pid in round_.house.children("web"):
            os.killpg(pid, signal.SIGKILL)


class FreezeSender(Fault):
    """SIGSTOP of a sender for longer than its permit, then SIGCONT."""

    name = "a sender stopped with SIGSTOP beyond its permit"
    seconds = 5.0

    def __init__(self) -> None:
        self._pid = 0
        self._until = 0.0

    def strike(self, round_: Round) -> None:
        self._pid = _senders(round_)[0]
        os.kill(self._pid, signal.SIGSTOP)
        self._until = time.monotonic() + PERMIT + round_.dice.uniform(0.3, 1.0)

    def heal(self, round_: Round) -> None:
        time.sleep(max(0.0, self._until - time.monotonic()))
        os.kill(self._pid, signal.SIGCONT)

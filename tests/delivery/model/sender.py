"""One sender of the model: the real `Sender` with the real `Lane`, moved step by step.

What in the product runs by itself (looking for work, recording now and then, keeping the permit) is called by the model,
whenever it likes. An operation may be slow: then each answer of the database waits until the model lets it arrive.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tashika.delivery import reconciling, sending
from tashika.delivery.arming.looking import Standing
from tashika.delivery.carrying import Letter
from tashika.delivery.lanes import Lane
from tashika.delivery.ledger import Claimed, Due, Ledger
from tashika.delivery.permit import Permit
from tests.delivery.model.database import TURN, Line, Turn, quiet
from tests.delivery.model.smtp_world import Wire


class FewAtATime(Ledger):
    """Claims two rows at most, so that senders share even a small audience."""

    async def claim(self, *, dispatch: int, limit: int) -> list[Claimed]:
        return await super().claim(dispatch=dispatch, limit=min(limit, 2))


class StillLane(Lane):
    """A lane that does nothing by itself."""

    async def _feed(self) -> None:
        await asyncio.Event().wait()

    async def _record_often(self) -> None:
        await asyncio.Event().wait()

    async def _tend(self) -> None:
        await asyncio.Event().wait()


@dataclass
class Operation:
    """Something that a sender does with the database; slow where it has a turn."""

    name: str
    step: int  # when it began
    task: asyncio.Task[None]
    turn: Turn | None


@dataclass
class ModelSender:
    """A sender process on a host. `real` is None while it does not run."""

    number: int
    host: str
    journals: Path
    letters: dict[int, Letter]
    dues: dict[int, Due]
    real: sending.Sender | None = None
    standing: Standing | None = None  # it has asked, and not yet entered the register
    watch: reconciling.Watch | None = None
    lane: StillLane | None = None
    line: Line | None = None
    frozen: bool = False
    wires: list[Wire] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)  # refusals of the database that no fault explains

    async def start(self, line: Line, permit: Permit, standing: Standing, relay: Any, step: int) -> None:
        """The process begins and enters the register."""
        assert self.watch is not None
        self.line = line
        self.real = sending.Sender(journals=self.journals, permit=permit, standing=standing, watch=self.watch)
        self.lane = StillLane(relay=relay, sender=self.real)
        self.lane._letters.update(self.letters)
        self.real.lanes[relay.pk] = self.lane
        await self.do("enter", step, self.real.enter(line), slow=False)  # type: ignore[arg-type]

    async def do(self, name: str, step: int, work: Coroutine[Any, Any, None], *, slow: bool) -> None:
        """Begin an operation and go on until it is done or waits."""
        turn = Turn() if slow else None
        token = TURN.set(turn)
        task = asyncio.create_task(work)
        TURN.reset(token)
        self.operations.append(Operation(name, step, task, turn))
        await self.attend()

    async def claim(self, dispatch: int, step: int, *, slow: bool) -> None:
        """Claim from a dispatch; what is claimed begins at once where a connection is free."""
        assert self.lane is not None
        await self.do("claim", step, self.lane._claim([self.dues[dispatch]]), slow=slow)

    async def record(self, step: int, *, slow: bool) -> None:
        """Write down what has ended."""
        assert self.lane is not None
        await self.do("record", step, self.lane._record(), slow=slow)

    async def attend(self) -> None:
        """Let everything run until it is quiet; a lost database ends the run, as in the product."""
        await quiet()
        done = [one for one in self.operations if one.task.done()]
        self.operations = [one for one in self.operations if not one.task.done()]
        errors = [one.task.exception() for one in done if not one.task.cancelled() and one.task.exception()]
        for error in errors:
            if not isinstance(error, psycopg.OperationalError | RuntimeError | OSError):
                self.failures.append(error)
        if errors and self.real is not None:
            await self.give_up()

    async def give_up(self) -> None:
        """The database went away, or we were struck off: what is not recorded is in the journal."""
        assert self.real is not None and self.line is not None
        await self._leave_lanes()
        self.real.journal.abandon()
        if any(wire.client.usable for wire in self.wires):
            self.failures.append(AssertionError("a connection outlives its sender"))
        self.line.cut()
        self._forget()

    async def end(self) -> None:
        """SIGTERM: an orderly end."""
        assert self.real is not None and self.line is not None
        await self._leave_lanes()
        try:
            await self.real.ledger.end()
        except psycopg.Error:
            self.real.journal.abandon()
        else:
            self.real.journal.close()
        self.line.cut()
        self._forget()

    async def _leave_lanes(self) -> None:
        assert self.real is not None
        self.real.permit.closing = True
        for one in self.operations:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in self.operations), return_exceptions=True)
        await self.real.close_lanes()

    def kill(self, *, keep_line: bool) -> list[Operation]:
        """kill -9: memory is gone, the journal stays, connections end. With `keep_line` the server is left with what it
        was told and has not answered yet; those operations are returned."""
        assert self.real is not None and self.line is not None and self.lane is not None
        os.close(self.real.journal._descriptor)
        left = [one for one in self.operations if keep_line and one.turn and one.turn.waits]
        for task in [*self.lane._tasks, *self.lane._helpers, *(one.task for one in self.operations if one not in left)]:
            task.cancel()
        for wire in self.wires:
            wire.client_gone = True
            wire.client.usable = False
        self._forget()
        return left

    def _forget(self) -> None:
        self.real = self.lane = self.line = None
        self.wires, self.operations = [], []
        self.frozen = False


async def carry_out(left: Operation, line: Line) -> None:
    """The server carries out what a killed sender had told it; nobody hears of it."""
    assert left.turn is not None
    if left.turn.waits:
        left.turn.go(True)
        await quiet()
    line.cut()
    left.task.cancel()

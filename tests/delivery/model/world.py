"""All actors of the model, and what each may do next. An action is a tuple of plain values, so that a walk is data."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction

from tashika.accounts.models import User
from tashika.core.actors import SYSTEM
from tashika.delivery import planning, reconciling, releasing, stopping
from tashika.delivery.arming import looking
from tashika.delivery.carrying import Letter
from tashika.delivery.ledger import Due
from tashika.delivery.models import Dispatch, Relay, SenderHost, Stop
from tashika.delivery.permit import Permit
from tashika.people import consent
from tests.delivery.model import restoring
from tests.delivery.model.database import Admin, Line, connect, quiet
from tests.delivery.model.invariants import Promises, State, Violation, check, check_the_end
from tests.delivery.model.restoring import Restores
from tests.delivery.model.sender import FewAtATime, ModelSender, Operation, carry_out
from tests.delivery.model.smtp_world import Event, Record, Wire, connected

Action = tuple[str | int | bool, ...]
PERMIT = timedelta(seconds=15)
BASE = datetime.fromisoformat("2026-11-25T09:00:00+09:00")
INSTALLED = BASE - timedelta(hours=2)
HOSTS = ("a", "a", "b")  # two senders share a host and its journals; the web process is on "a"
NOT_IN_THE_DATABASE = {"server", "tend", "fate", "freeze", "thaw", "time", "set_clock", "set_database_clock"}


@dataclass
class Scene:
    """What every walk begins with: two dispatches to the same people, the first one planned."""

    admin: Admin
    loop: asyncio.AbstractEventLoop
    folder: Path
    relay: Relay
    publisher: User
    dispatches: list[Dispatch]
    letters: dict[int, Letter]
    dues: dict[int, Due]
    contacts: dict[int, str]
    audience: planning.Audience
    walk_folder: Path = Path()  # of the walk that is under way


@dataclass
class Pressed:
    """A stop that waits for its answer."""

    stop: Stop
    at: float  # when, in the model's seconds
    epoch: int


class World:
    """The whole state of one walk."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.folder = scene.walk_folder
        self.at = 0.0  # seconds since the walk began, which nobody sets
        self.step = 0
        self.began = 0  # the step in which the operation began that goes on now
        self.clocks = dict.fromkeys(HOSTS, 0.0)  # how far a host's wall clock is off
        self.boots = dict.fromkeys(HOSTS, 1)
        self.acting = "a"
        self.record = Record()
        self.promises = Promises()
        self.restores = Restores()
        self.stops: list[Pressed] = []
        self.orphans: list[tuple[Operation, Line]] = []  # told to the server by a sender that was killed since
        self.abandoned: list[Wire] = []  # connections whose sender is gone, with a body that may yet be taken
        self.wires: list[Wire] = []
        self.senders = [
            ModelSender(number, host, self.folder / host / "journals", scene.letters, scene.dues)
            for number, host in enumerate(HOSTS)
        ]
        for host in dict.fromkeys(HOSTS):  # the installation arms itself; a person arms its second host
            looking.look(data=self.folder / host, now=INSTALLED)
        SenderHost.objects.update(armed_at=INSTALLED)
        self.state = State.of(scene.admin.state())

    # -- time, as the product sees it

    def wall_clock(self) -> datetime:
        """What the acting host's clock says."""
        return BASE + timedelta(seconds=self.at + self.clocks[self.acting])

    def time(self) -> float:
        """The same, as the module `time` says it."""
        return self.wall_clock().timestamp()

    def time_ns(self) -> int:
        """The same in nanoseconds."""
        return int(self.time() * 1e9)

    def monotonic(self) -> float:
        """Seconds on the clock that nobody sets."""
        return self.at

    def boot(self) -> str:
        """Which boot of the acting host this is."""
        return f"{self.acting}{self.boots[self.acting]}"

    def ledger(self, connection: Any, sender: Any) -> FewAtATime:
        """The ledger of a sender that begins."""
        return FewAtATime(connection, sender)

    async def open_connection(self, carrier: Any) -> Any:
        """A lane opens a connection to the simulated server."""
        number = next((one.number for one in self.senders if one.lane is carrier), None)
        if number is None:
            raise asyncio.CancelledError("its sender was killed meanwhile")
        wire = connected(carrier, number, self.record)
        self.senders[number].wires.append(wire)
        self.wires.append(wire)
        return wire.client

    # -- one step

    def perform(self, action: Action) -> None:
        """Do it, and check every guarantee. Raises Violation."""
        self.step += 1
        name, *values = action
        self.acting = "a"
        self.began = self.step
        with contextlib.suppress(OperationalError):  # it has to wait for a claim that is half done: not now
            getattr(self, f"do_{name}")(*values)
        self._look_around(changed=name not in NOT_IN_THE_DATABASE)

    def check_the_end(self) -> None:
        """Raise Violation where something is left."""
        check_the_end(self.state, [path.name for path in self.folder.glob("*/journals/*.journal")])

    def close(self) -> None:
        """Nobody works any more."""
        for one in self.senders:
            if one.real is not None:
                self.do_kill(one.number, False)
        for operation, line in self.orphans:
            line.cut()
            operation.task.cancel()
        self._run(quiet())

    def _look_around(self, *, changed: bool) -> None:
        for one in self.senders:
            for failure in one.failures:
                raise Violation("refused", f"{type(failure).__name__}: {str(failure).splitlines()[0]}")
        for one in list(self.wires):
            if one.client_gone:
                self.wires.remove(one)
                if one.holds_a_body and not one.closed:
                    self.abandoned.append(one)
        for one in self.senders:
            one.wires = [wire for wire in one.wires if not wire.client_gone]
        before = self.state
        if changed:
            self.state = State.of(self.scene.admin.state())
        ids = [dispatch.pk for dispatch in self.scene.dispatches]
        self.record.events = [
            type(event)(event.what, ids[event.dispatch], event.address, event.sender) for event in self.record.events
        ]
        for claim in self.state.claims:
            self.promises.claimed_at.setdefault(claim, self.began)
        for event in self.record.events:
            self._saw(event)
        check(before, self.state, self.promises, _by_id(self.record, ids))
        self.record.events = []

    def _saw(self, event: Event) -> None:
        host = self.senders[event.sender].host
        self.restores.saw(event, host, self.state)
        if host in self.restores.lost:
            raise Violation("G13", f"{event.what} of {event.address} began on a host that is lost")

    def _run(self, work: Any, host: str = "a") -> Any:
        self.acting = host
        return self.scene.loop.run_until_complete(work)

    # -- senders

    def do_ask(self, number: int) -> None:
        """A sender that begins reads the journals of the dead, and asks where its host stands."""
        one = self.senders[number]
        one.watch = reconciling.Watch(clock=lambda: self.at)
        self.do_reconcile(number)
        one.standing = looking.look(data=self.folder / one.host, now=self.wall_clock())
        self.restores.awaited.discard(one.host)
        if one.standing.why and not self.restores.cause and one.host not in self.restores.lost:
            raise Violation("G13", f"unarmed without a cause: {one.standing.why}")

    def do_start(self, number: int) -> None:
        """A sender begins: it enters the register, if it may."""
        one = self.senders[number]
        if one.standing is None:
            self.do_ask(number)
        standing, one.standing = one.standing, None
        if standing is None or standing.why:
            return
        used = {
            other.line.connection.info.backend_pid % 8 for other in self.senders if other.line and not other.line.is_cut
        }
        used |= {line.connection.info.backend_pid % 8 for _, line in self.orphans}
        line = self._run(connect(used), one.host)
        permit = Permit(PERMIT, clock=lambda: self.at)
        self._run(one.start(line, permit, standing, self.scene.relay, self.step), one.host)

    def do_claim(self, number: int, dispatch: int, slow: bool) -> None:
        one = self.senders[number]
        self._run(one.claim(self.scene.dispatches[dispatch].pk, self.step, slow=slow), one.host)

    def do_tend(self, number: int) -> None:
        """A lane looks again whether what it holds may begin."""
        one = self.senders[number]

        async def look() -> None:
            assert one.lane is not None
            one.lane._let_go_on()
            await one.attend()

        self._run(look(), one.host)

    def do_record(self, number: int, slow: bool) -> None:
        one = self.senders[number]
        self._run(one.record(self.step, slow=slow), one.host)

    def do_keep(self, number: int, slow: bool) -> None:
        one = self.senders[number]
        assert one.real is not None
        self._run(one.do("keep", self.step, one.real.keep_permit(), slow=slow), one.host)

    def do_obey(self, number: int, slow: bool) -> None:
        one = self.senders[number]
        assert one.real is not None
        self._run(one.do("obey", self.step, one.real.obey(), slow=slow), one.host)

    def do_finish(self, number: int) -> None:
        one = self.senders[number]
        assert one.real is not None
        self._run(one.do("finish", self.step, one.real.ledger.finish_dispatches(), slow=False), one.host)

    def do_go(self, number: int, index: int, arrives: bool) -> None:
        """The database's answer to a slow operation arrives, or is lost."""
        one = self.senders[number]
        operation = one.operations[index]
        assert operation.turn is not None
        operation.turn.go(arrives)
        self._run(one.attend(), one.host)
        self.began = operation.step

    def do_reconcile(self, number: int) -> None:
        one = self.senders[number]
        self.acting = one.host
        assert one.watch is not None
        reconciling.reconcile(journals=one.journals, now=self.wall_clock(), watch=one.watch)

    def do_kill(self, number: int, told: bool) -> None:
        """kill -9. With `told` the server still carries out what it was told and had not answered."""
        one = self.senders[number]
        line = one.line
        assert line is not None

        async def blow() -> None:
            left = one.kill(keep_line=told)
            self.orphans += [(operation, line) for operation in left]
            if not left:
                line.cut()
            await quiet()

        self._run(blow(), one.host)

    def do_end(self, number: int) -> None:
        one = self.senders[number]
        self._run(one.end(), one.host)

    def do_freeze(self, number: int) -> None:
        self.senders[number].frozen = True

    def do_thaw(self, number: int) -> None:
        self.senders[number].frozen = False

    def do_orphan(self, index: int) -> None:
        """The server carries out what a killed sender had told it."""
        operation, line = self.orphans.pop(index)
        self._run(carry_out(operation, line))
        self.began = operation.step

    def do_reboot(self, host: str) -> None:
        """The machine crashes: its senders die, and what was not yet on its disk is lost."""
        for one in self.senders:
            if one.host == host and one.real is not None:
                path = one.real.journal.path
                self.do_kill(one.number, False)
                path.write_text(path.read_text().splitlines(keepends=True)[0])
        self.boots[host] += 1
        self.restores.backup = None  # what has left since, no journal tells

    # -- the database, and who arms it

    def do_back_up(self, soon: bool) -> None:
        restoring.back_up(self, soon=soon)

    def do_put_back(self, dump: bool) -> None:
        restoring.put_back(self, dump=dump)

    def do_arm(self, lost: str) -> None:
        restoring.arm(self, lost=lost)

    def lose_the_database(self) -> None:
        """It ends: nothing is under way any more, and every sender ends that is not frozen."""
        for operation, line in self.orphans:
            line.cut()
            operation.task.cancel()
        self.orphans = []
        for one in self.senders:
            if one.line is not None:
                one.line.cut()
                if not one.frozen:
                    self._run(one.give_up(), one.host)

    # -- servers

    def do_server(self, number: int, index: int, reply: str) -> None:
        one = self.senders[number]
        wire = one.wires[index]

        async def answer() -> None:
            if reply in ("cut", "cut_taken"):
                wire.cut(taken=reply == "cut_taken")
            else:
                wire.answer(reply)
            await one.attend()

        self._run(answer(), one.host)

    def do_fate(self, index: int, taken: bool) -> None:
        """A body whose sender is gone is taken, or not."""
        self.abandoned.pop(index).cut(taken=taken)

    # -- people

    def do_press(self, dispatch: int) -> None:
        pk = self.scene.dispatches[dispatch].pk
        with transaction.atomic():
            stop = stopping.press(dispatch_id=pk, by=SYSTEM, now=self.wall_clock(), reason="")
        epoch = Dispatch.objects.values_list("epoch", flat=True).get(pk=pk)
        self.stops.append(Pressed(stop, self.at, epoch))

    def do_press_all(self) -> None:
        with transaction.atomic():
            stop = stopping.press_all(SYSTEM, by=None, reason="", now=self.wall_clock())
        self.stops.append(Pressed(stop, self.at, 0))

    def do_look(self, index: int) -> None:
        """Look whether a stop can be answered; from its answer on it has to hold."""
        pressed = self.stops[index]
        answer = stopping.answer_if_true(pressed.stop, waited=self.at - pressed.at)
        if answer is None:
            return
        self.stops.pop(index)
        dispatch = pressed.stop.dispatch_id
        newer = any(other.stop.dispatch_id == dispatch for other in self.stops[index:])
        if dispatch is not None:
            self.promises.least_epoch[dispatch] = max(pressed.epoch, self.promises.least_epoch.get(dispatch, 0))
        if newer:  # it was let go on meanwhile and stopped again: this answer does not speak of that
            return
        if dispatch is None:
            self.promises.all_fenced = stopping.current_emergency_stop() is not None
            self.promises.all_certain = self.promises.all_fenced and answer.certain
            return
        if Dispatch.objects.get(pk=dispatch).state == Dispatch.State.STOPPED:
            self.promises.fenced[dispatch] = answer.certain

    def do_release(self, dispatch: int) -> None:
        pk = self.scene.dispatches[dispatch].pk
        releasing.release(dispatch_id=pk, by=SYSTEM, now=self.wall_clock())
        self.promises.fenced.pop(pk, None)

    def do_release_all(self) -> None:
        stopping.release_emergency_stop(by=self.scene.publisher, now=self.wall_clock())
        self.promises.all_fenced = self.promises.all_certain = False

    def do_opt_out(self, index: int) -> None:
        pk, address = list(self.scene.contacts.items())[index]
        consent.opt_out(contact_id=pk, address=address, now=self.wall_clock())
        self.promises.opted_out[pk] = self.step

    def do_plan(self, dispatch: int) -> None:
        planning.plan(dispatch=self.scene.dispatches[dispatch], audience=self.scene.audience, now=self.wall_clock())

    # -- time

    def do_time(self, seconds: int) -> None:
        self.at += seconds
        self.scene.admin.pass_time(seconds)

    def do_set_clock(self, host: str, seconds: int) -> None:
        self.clocks[host] = seconds

    def do_set_database_clock(self, seconds: int) -> None:
        self.scene.admin.pass_time(seconds)


def _by_id(record: Record, ids: list[int]) -> Record:
    return Record([(ids[number], address) for number, address in record.taken], record.events)

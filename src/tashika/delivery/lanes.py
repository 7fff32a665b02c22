"""A lane: one relay's connections in one sender, from the claim to the record.

feed      claims rows while a connection is open and few wait
tend      opens connections while there is work, ends those that idle or hang
carry     hands connections their mails (`next_mail`), notes what became of them (`concluded`)
record    writes outcomes as sets: as soon as the last set is on record and some wait
troubles  say what may be tried, and when
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from asgiref.sync import sync_to_async

from tashika.core import clock, config
from tashika.core.errors import TashikaError
from tashika.delivery import counting, relays, states
from tashika.delivery.carrying import FRESH, Carried, Letter, begin, letter_of
from tashika.delivery.journal import Begun, Journal
from tashika.delivery.ledger import Claimed, Due, Ended, Ledger
from tashika.delivery.line import Line, Unwanted
from tashika.delivery.models import Relay
from tashika.delivery.pace import Paces
from tashika.delivery.relay_queue.credit import Credit
from tashika.delivery.sending_window import Window
from tashika.delivery.smtp.client import Connection, Outcome, Result, Transaction, UnableToConnect
from tashika.delivery.smtp.opening import open_connection
from tashika.delivery.troubles import Troubles

log = logging.getLogger("tashika.delivery")

CLAIM_FOR = 0.15  # seconds of work that are claimed at a time: what a stop has to give back is small
CLAIM_LEAST, CLAIM_MOST = 20, 1200  # rows
RECORD_FOR = 0.06  # seconds of work that are recorded at a time; after kill -9 the journal has what was not
RECORD_LEAST = 25  # outcomes
RECORD_EVERY = 0.1  # seconds that an outcome waits at most
CLOSE_WITHIN = 10.0  # seconds that an ending lane waits for replies to bodies already handed over
IDLE = 5.0  # seconds until an idle connection is closed
TEND_EVERY = 0.25  # seconds
LETTERS = 200  # kept compiled

MayBegin = Callable[[int, int], bool]


class Owner(Protocol):
    """What a lane needs of its sender."""

    ledger: Ledger
    journal: Journal

    @property
    def may_begin(self) -> MayBegin: ...


class Lane:
    """Claims rows for one relay and carries them over several connections."""

    def __init__(self, *, relay: Relay, sender: Owner) -> None:
        self.relay = relay
        self.sender = sender
        self.default_relay = 0
        self.window = Window()
        self.counts = counting.of_relay(int(relay.pk))
        self.credit = Credit(relay.credit_seconds if relay.on_this_host else None, self.counts.begun)
        self._server = relays.server_of(relay)
        self._most = min(relay.connections, config.get_int("sender_connections"))
        self.paces = Paces(relay.carrier_pace, self._most)
        self._drawn = 0  # mails that the relay's pace has allowed us and that were not claimed yet
        self._waiting = Line(self._priority)
        self._letters: dict[int, Letter] = {}
        self._under_way: set[Carried] = set()
        self._connections: set[Connection] = set()
        self._resting: set[Connection] = set()
        self._opening = 0
        self._troubles = Troubles(relay, take_out=self._take_out, later=self._later, slow_down=self._slow_down)
        self._closing = False
        self._ended: list[Ended] = []
        self._woken, self._hungry, self._enough = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._claiming, self._recording = asyncio.Lock(), asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._flushing = self._pausing = self._putting = False
        self._begun = 0  # transactions since the last look
        self._rate = 0.0  # of them a second
        self._portion = CLAIM_LEAST  # rows to claim at a time; so few may wait before that
        self._starved = False  # whether a connection found nothing to carry since the last claim
        self._record_at = RECORD_LEAST
        self._tasks = [asyncio.create_task(one()) for one in (self._feed, self._record_often, self._tend)]
        self._helpers: set[asyncio.Task[None]] = set()

    def fits(self, relay: Relay) -> bool:
        """Whether this lane still is as the relay's row says."""
        ours = (self._server, *relays.limits_of(self.relay))
        return ours == (relays.server_of(relay), *relays.limits_of(relay))

    def wake(self) -> None:
        """There may be work. Raises RuntimeError where a part of the lane has ended."""
        self._woken.set()
        self._hungry.set()
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception():
                raise RuntimeError("a lane broke") from task.exception()

    def says(self) -> dict[str, object]:
        """How it stands at this instant, for the register of senders."""
        rests = self._troubles.rests()
        rows = [*self._waiting, *(one.row for one in self._under_way)]
        return {
            "relay": self.relay.pk,
            "connections": len(self._connections),
            "most": self._most,
            "waiting": len(self._waiting),
            "under_way": len(self._under_way),
            "rate": round(self._rate, 1),
            "failures": self._troubles.failures,
            "rests_until": time.time() + rests if rests > 0 else None,
            "dispatches": sorted({row.dispatch for row in rows}),
        }

    # -- stopping

    async def halt(self, may_begin: MayBegin, within: float) -> None:
        """Return once nothing that may not begin is under way here and all is recorded (G3).

        Envelopes under way are dropped; bodies already handed over get `within` seconds for their reply and are then
        recorded as in doubt, while we go on listening: a late reply is evidence. An envelope that waits behind such a
        body on its connection goes back to the queue: its own body may not begin any more.
        """
        async with self._claiming:
            await self._give_back(may_begin)
        await self._see_off(may_begin, within)
        await self._record()

    async def close(self) -> None:
        """Stop claiming, wait for replies under way for a while, give back what was not begun, record, hang up. Raises
        psycopg.Error when the database is away; no connection outlives its lane for that."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN), self._claiming:  # a claim under way ends: its rows are ours
                self._tasks[0].cancel()
        for task in (self._tasks[0], self._tasks[2]):
            task.cancel()
        await asyncio.gather(self._tasks[0], self._tasks[2], return_exceptions=True)
        try:
            await self._see_off(_nothing, CLOSE_WITHIN)
            await self.halt(_nothing, 0.0)
        finally:
            await self._hang_up()
        await self._record()

    async def _hang_up(self) -> None:
        for connection in list(self._connections):
            connection.quit()
            connection.drop("closed")
        for task in [*self._tasks, *self._helpers]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._helpers, return_exceptions=True)

    async def _see_off(self, may_begin: MayBegin, within: float) -> None:
        """Wait until nothing that may not begin is under way, for that long at most; what then is, is settled."""
        deadline = time.monotonic() + within
        while pending := [one for one in self._under_way if not may_begin(one.row.dispatch, one.row.epoch)]:
            self._drop_envelopes(pending)
            if time.monotonic() >= deadline:
                self._settle(pending)
                break
            await asyncio.sleep(0.001)

    def _drop_envelopes(self, pending: list[Carried]) -> None:
        """Hang up where only envelopes of what is stopped are under way. Where a body awaits its reply we wait: the
        connection ends by itself before the next body."""
        stopped: set[Transaction] = set(pending)
        for connection in list(self._connections):
            begun = connection.under_way
            if begun and begun[0] in stopped and not any(one.body_begun for one in begun):
                connection.drop("stopped before the body")

    def _settle(self, pending: list[Carried]) -> None:
        for carried in pending:
            if not carried.settled:
                self._ended.append(carried.cut_short(clock.microseconds()))
                carried.settled = True

    async def _give_back(self, may_begin: MayBegin) -> None:
        """Give back what was claimed and not begun, if it may not begin."""
        self._waiting.take_out(lambda row: not may_begin(row.dispatch, row.epoch))
        self._hungry.set()
        await self.sender.ledger.give_back(*self._waiting.leaving())
        self._let_go_on()

    def _take_out(self, unwanted: Unwanted) -> None:
        self._waiting.take_out(unwanted)
        self._later(self._return())

    async def _return(self) -> None:
        async with self._claiming:
            await self._give_back(lambda dispatch, epoch: True)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    # -- feeding

    async def _feed(self) -> None:
        while not self._closing:
            self._woken.clear()
            self._hungry.clear()
            due = await self._due()
            low = len(self._waiting) < self._portion
            if not low:  # what is more urgent than all that waits is claimed all the same
                due = [one for one in due if one.priority < self._priority(self._waiting.first)]
            if due and self.relay.per_hour and self._drawn < 1:  # the pace of all senders together is used up
                await asyncio.sleep(max(0.05, min(1.0, 3600 / self.relay.per_hour)))
            elif due:
                if self._starved and not self.relay.per_hour:  # the rate is not known yet: catch up with it
                    self._portion = min(CLAIM_MOST, 2 * self._portion)
                self._starved = False
                await self._claim(due)
            elif not low:
                await self._hungry.wait()
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), 1.0)

    async def _due(self) -> list[Due]:
        """Dispatches to claim from; none while no connection is open, so that nothing is claimed that can't leave."""
        due = await self.sender.ledger.live_dispatches(
            relay=self.relay.pk,
            default_relay=self.default_relay,
            per_hour=self.relay.per_hour,
            wanted=max(0, self._portion - self._drawn),
            is_open=self.window.is_open(clock.now()) and self.credit.is_open(self.counts.begun + len(self._waiting)),
        )
        self._drawn += (due[0].drawn or 0) if due else 0
        if due and not self._connections:
            self._open_more(1)
            while self._opening and not self._connections:
                await asyncio.sleep(0.01)
        return [one for one in due if self._connections and self._troubles.may_claim(one)]

    async def _claim(self, due: list[Due]) -> None:
        """Claim from the most urgent dispatches, in equal parts, so that a few mails never wait behind a bulk."""
        urgent = [one for one in due if one.priority == due[0].priority]
        urgent = [one for one in urgent if await self._has_letter(one)]
        async with self._claiming:
            for one in urgent:
                limit = self._troubles.claiming(one, max(10, self._portion // len(urgent)))
                if self.relay.per_hour:
                    limit = min(limit, self._drawn)
                mark, asked = self._troubles.mark(one.id), time.monotonic()
                rows = await self.sender.ledger.claim(dispatch=one.id, limit=limit)
                self.counts.claims += 1
                self.counts.claimed += len(rows)
                self._drawn = max(0, self._drawn - len(rows))
                self.counts.claim_seconds += time.monotonic() - asked
                if self._troubles.mark(one.id) != mark:  # paused while the database was asked
                    self._waiting.send_back(rows)
                    self._later(self._return())
                    continue
                self._waiting.join(rows, one.priority)
        self._let_go_on()

    def _priority(self, row: Claimed) -> int:
        return self._letters[row.dispatch].priority

    async def _has_letter(self, due: Due) -> bool:
        """Compile what is not compiled yet; forget what nobody needs any more. False where it can't be done."""
        letter = self._letters.get(due.id)
        if letter and letter.give_up_at == due.give_up_at and time.monotonic() < letter.fresh_until:
            return True
        if len(self._letters) > LETTERS:
            needed = {row.dispatch for row in self._waiting}
            self._letters = {one: kept for one, kept in self._letters.items() if one in needed}
            self._troubles.forget(needed)
        try:
            self._letters[due.id] = await sync_to_async(letter_of)(due)
        except (TashikaError, ValueError) as error:  # such as a key that can't be unsealed: this dispatch waits
            log.warning("can't be sent: %s", type(error).__name__, extra={"dispatch": due.id})
            self._troubles.put_off(due.id, FRESH)
            return False
        return True

    def _let_go_on(self) -> None:
        """Wake resting connections, and open more where they don't suffice."""
        number = min(len(self._waiting), len(self._resting))
        for connection in [self._resting.pop() for _ in range(number)]:
            connection.go_on()
        self._open_more(len(self._waiting))

    # -- connections

    def _open_more(self, wanted: int) -> None:
        if self._closing or not self._troubles.may_connect():
            return
        most = 1 if self._troubles.failures else self.paces.connections.allowed(time.monotonic())
        number = min(wanted, most - len(self._connections) - self._opening)
        for _ in range(number):
            self._opening += 1
            self._later(self._open())

    async def _open(self) -> None:
        asked = time.monotonic()
        try:
            connection = await open_connection(self._server, self)
        except UnableToConnect as error:
            self.counts.unreachable += 1
            self._troubles.failed(str(error))
            return
        finally:
            self._opening -= 1
        self._connections.add(connection)
        self.counts.connected += 1
        self.counts.connect_seconds += time.monotonic() - asked
        self._troubles.connected()
        connection.go_on()

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_EVERY)
            now = time.monotonic()
            new = self._begun / TEND_EVERY
            self._rate, self._begun = 0.5 * self._rate + 0.5 * new if self._rate else new, 0
            self._portion = max(CLAIM_LEAST, min(CLAIM_MOST, int(self._rate * CLAIM_FOR)))
            self._record_at = max(RECORD_LEAST, int(self._rate * RECORD_FOR))
            for connection in list(self._connections):
                connection.expire(now)
            for connection in list(self._resting):
                if now - connection.idle_since > IDLE:
                    self._resting.discard(connection)
                    connection.quit()
                    self._connections.discard(connection)
            if self._waiting and not self._connections and not self._opening and self._troubles.failures:
                async with self._claiming:
                    await self._give_back(_nothing)
            if self._waiting and not self.window.is_open(clock.now()):
                self._take_out(lambda row: not self._letters[row.dispatch].urgent)
            self._let_go_on()

    # -- what connections ask and say (smtp.client.Carrier)

    def next_mail(self) -> Carried | None:
        """The next claimed row that may begin at this instant, built."""
        waiting = self._waiting
        while waiting:
            row = waiting.first
            if not self.sender.may_begin(row.dispatch, row.epoch) or self._is_too_early():
                return None
            waiting.pop()
            if len(waiting) < self._portion:
                self._hungry.set()
            if not self.paces.of(row.address).take(time.monotonic()) and not self._letters[row.dispatch].urgent:
                self._put_aside(row)
                continue
            carried = self._build(row)
            if carried is not None:
                self._begun += 1
                self.counts.begun += 1
                self._under_way.add(carried)
                return carried
        self._starved = True
        self._hungry.set()
        self._woken.set()
        return None

    def may_begin(self, transaction: Transaction) -> bool:
        """Whether the body may be handed over at this instant."""
        assert isinstance(transaction, Carried)
        row = transaction.row
        return self.sender.may_begin(row.dispatch, row.epoch)

    def body_begins(self, transaction: Transaction) -> None:
        """On disk before it is on the wire."""
        assert isinstance(transaction, Carried)
        transaction.body = clock.microseconds()
        row = transaction.row
        begun = Begun(row.id, row.message_id, row.dispatch, row.address_hash, row.claim)
        self.sender.journal.body_begins(begun, self.sender.ledger.reasons.get(row.dispatch, ""))

    def concluded(self, transaction: Transaction, result: Result) -> None:
        """What became of a mail: noted for the journal and for the ledger."""
        assert isinstance(transaction, Carried)
        self._under_way.discard(transaction)
        row, ended = transaction.row, clock.microseconds()
        self.counts.concluded(result, transaction.begun, transaction.body, ended)
        state, due = result.outcome.value, None
        if result.outcome is Outcome.ACCEPTED:
            self._troubles.accepted(row.dispatch)
        elif result.outcome is Outcome.DEFERRED or result.outcome is Outcome.REFUSED:
            give_up_at = transaction.letter.give_up_at
            due = self._troubles.refused(row, result, begun=transaction.begun, give_up_at=give_up_at)
            state = states.REFUSED if due is None else states.QUEUED
        elif result.outcome is Outcome.NOT_LEFT:
            state = states.QUEUED
        begun = None if result.outcome is Outcome.NOT_LEFT else transaction.begun
        digest = None
        if transaction.body_begun:
            digest = transaction.digest
            if state != states.IN_DOUBT:
                self.sender.journal.replied(row.id, state, result.reply)
                self._flush_soon()
        self._end(Ended(row.id, row.claim, state, result.reply, begun, ended, digest, due, transaction.settled))

    def idle(self, connection: Connection) -> None:
        """Nothing to carry at this instant."""
        self._resting.add(connection)

    def lost(self, connection: Connection, words: str) -> None:
        """A connection ended. One that never took a mail is a failure of the relay."""
        self._connections.discard(connection)
        self._resting.discard(connection)
        if words.startswith("421"):
            self.paces.too_many(rate=self._rate, now=time.monotonic())
        if connection.taken == 0 and not self._closing and "stopped" not in words:
            self._troubles.wait_longer()

    # -- building

    def _build(self, row: Claimed) -> Carried | None:
        try:
            return begin(row, self._letters[row.dispatch], clock.microseconds())
        except Exception as error:  # a fault in one person's values must not stop the others (37 of the fault list)
            log.warning("can't be built: %s", type(error).__name__, extra={"ledger": row.id, "dispatch": row.dispatch})
            words = f"{type(error).__name__}: {error}"
            self._end(Ended(row.id, row.claim, states.EXCLUDED, words, None, clock.microseconds()))
            return None

    def _is_too_early(self) -> bool:
        """Whether the relay has asked for patience; the resting connections are woken in a moment."""
        if self.paces.own.is_quiet or self.paces.own.take(time.monotonic()):
            return False
        if not self._pausing:
            self._pausing = True
            self._loop.call_later(TEND_EVERY, self._after_pause)
        return True

    def _slow_down(self, address: str, step: str) -> None:
        self.paces.complain(address, step, rate=self._rate, now=time.monotonic())

    def _put_aside(self, row: Claimed) -> None:
        """Its receiver bears no more at this instant: back to the queue until it does, and on with the others."""
        wait = self.paces.of(row.address).aside(time.monotonic())
        self._waiting.send_back([row], clock.microseconds() + int(wait * 1_000_000))
        self._drawn += 1 if self.relay.per_hour else 0
        if not self._putting:
            self._putting = True
            self._later(self._return_aside())

    async def _return_aside(self) -> None:
        self._putting = False
        await self._return()

    def _after_pause(self) -> None:
        self._pausing = False
        self._let_go_on()

    # -- recording

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        with contextlib.suppress(OSError):  # a full disk: the next body will not leave, the database still learns it
            self.sender.journal.flush()

    def _end(self, ended: Ended) -> None:
        self._ended.append(ended)
        if len(self._ended) >= self._record_at:
            self._enough.set()

    async def _record_often(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), RECORD_EVERY)
            self._enough.clear()
            if self._ended:
                await self._record()

    async def _record(self) -> None:
        async with self._recording:
            batch, self._ended = self._ended, []
            asked = time.monotonic()
            try:
                await self.sender.ledger.record(batch)
            except BaseException:
                self._ended = batch + self._ended
                raise
            if batch:
                self.counts.records += 1
                self.counts.recorded += len(batch)
                self.counts.record_seconds += time.monotonic() - asked


def _nothing(dispatch: int, epoch: int) -> bool:
    """What an ending lane may begin."""
    return False

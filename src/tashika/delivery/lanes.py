"""A lane: one relay's connections in one sender, from the claim to the record.

feed      claims rows while a connection is open and few wait
tend      opens connections while there is work, ends those that idle or hang
carry     hands connections their mails (`next_mail`), notes what became of them (`concluded`)
record    writes outcomes as sets: as soon as the last set is on record and some wait
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar, Protocol

from asgiref.sync import sync_to_async

from tashika.contents.models import Version
from tashika.core import clock, config
from tashika.core.errors import TashikaError
from tashika.delivery import counting, letters, relays, retrying, states
from tashika.delivery.journal import Begun, Journal
from tashika.delivery.ledger import Claimed, Due, Ended, Ledger
from tashika.delivery.models import Dispatch, Relay
from tashika.delivery.pace import Pace
from tashika.delivery.smtp.client import Connection, Outcome, Result, Transaction, UnableToConnect
from tashika.delivery.smtp.opening import open_connection

log = logging.getLogger("tashika.delivery")

CLAIM_FOR = 0.15  # seconds of work that are claimed at a time: what a stop has to give back is small
CLAIM_LEAST, CLAIM_MOST = 20, 1200  # rows
RECORD_FOR = 0.06  # seconds of work that are recorded at a time; after kill -9 the journal has what was not
RECORD_LEAST = 25  # outcomes
CLOSE_WITHIN = 10.0  # seconds that an ending lane waits for replies to bodies already handed over
RECORD_EVERY = 0.1  # seconds that an outcome waits at most
IDLE = 5.0  # seconds until an idle connection is closed
TEND_EVERY = 0.25  # seconds
FRESH = 20.0  # seconds until keys and settings are looked up again
LETTERS = 200  # kept compiled

MayBegin = Callable[[int, int], bool]


class Owner(Protocol):
    """What a lane needs of its sender."""

    ledger: Ledger
    journal: Journal

    @property
    def may_begin(self) -> MayBegin: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What is common to the mails of a dispatch."""

    mail: letters.Mail
    give_up_at: datetime
    fresh_until: float  # on time.monotonic: keys and the return path may change


@dataclass(slots=True, eq=False)
class Carried(Transaction):
    """A row whose transaction has begun."""

    plain: ClassVar[bool] = True  # headers, boundaries and lines of base64: `mails.compiling` begins none with a dot

    row: Claimed
    letter: Letter
    begun: int  # microseconds since 1970
    digest: bytes  # of the message before it was signed: what can be built again (G6)
    body: int = field(default=0, init=False)  # when it was handed over, in microseconds since 1970
    settled: bool = field(default=False, init=False)  # on record already, because a stop could not wait for the reply


class Lane:
    """Claims rows for one relay and carries them over several connections."""

    def __init__(self, *, relay: Relay, sender: Owner) -> None:
        self.relay = relay
        self.sender = sender
        self.default_relay = 0
        self.counts = counting.of_relay(int(relay.pk))
        self._server = relays.server_of(relay)
        self._most = min(relay.connections, config.get_int("sender_connections"))
        self._pace = Pace(relay.per_hour)
        self._waiting: deque[Claimed] = deque()
        self._letters: dict[int, Letter] = {}
        self._put_off: dict[int, float] = {}  # dispatches that can't be sent as they are, until when
        self._under_way: set[Carried] = set()
        self._connections: set[Connection] = set()
        self._resting: set[Connection] = set()
        self._opening = 0
        self._failures = 0
        self._not_before = 0.0
        self._closing = False
        self._ended: list[Ended] = []
        self._woken, self._hungry, self._enough = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._claiming, self._recording = asyncio.Lock(), asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._flushing = self._pausing = False
        self._begun = 0  # transactions since the last look
        self._rate = 0.0  # of them a second
        self._portion = CLAIM_LEAST  # rows to claim at a time; so few may wait before that
        self._record_at = RECORD_LEAST
        self._tasks = [asyncio.create_task(one()) for one in (self._feed, self._record_often, self._tend)]
        self._helpers: set[asyncio.Task[None]] = set()

    def fits(self, relay: Relay) -> bool:
        """Whether this lane still is as the relay's row says."""
        ours = (self._server, self.relay.connections, self.relay.per_hour)
        return ours == (relays.server_of(relay), relay.connections, relay.per_hour)

    def wake(self) -> None:
        """There may be work. Raises RuntimeError where a part of the lane has ended."""
        self._woken.set()
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception():
                raise RuntimeError("a lane broke") from task.exception()

    def says(self) -> dict[str, object]:
        """How it stands at this instant, for the register of senders."""
        rests = self._not_before - time.monotonic()
        rows = [*self._waiting, *(one.row for one in self._under_way)]
        return {
            "relay": self.relay.pk,
            "connections": len(self._connections),
            "most": self._most,
            "waiting": len(self._waiting),
            "under_way": len(self._under_way),
            "rate": round(self._rate, 1),
            "failures": self._failures,
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
        with contextlib.suppress(TimeoutError):  # not in the middle of a claim: what it took would be in nobody's hands
            async with asyncio.timeout(CLOSE_WITHIN), self._claiming:
                self._tasks[0].cancel()
        self._tasks[0].cancel()
        self._tasks[2].cancel()
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
            if time.monotonic() > deadline:
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
                row = carried.row
                if carried.body_begun:
                    ended = Ended(row.id, row.claim, states.IN_DOUBT, "no reply yet", carried.begun, _now())
                else:
                    ended = Ended(row.id, row.claim, states.QUEUED, "stopped before the body", None, _now())
                self._ended.append(ended)
                carried.settled = True

    async def _give_back(self, may_begin: MayBegin) -> None:
        """Give back what was claimed and not begun, if it may not begin."""
        kept: deque[Claimed] = deque()
        back: list[Claimed] = []
        for row in self._waiting:
            (kept if may_begin(row.dispatch, row.epoch) else back).append(row)
        self._waiting = kept
        self._hungry.set()
        await self.sender.ledger.give_back(back)
        self._let_go_on()

    # -- feeding

    async def _feed(self) -> None:
        while not self._closing:
            self._woken.clear()
            self._hungry.clear()
            low = len(self._waiting) < self._portion
            due = await self._due() if low else []
            if due:
                await self._claim(due)
            elif not low:
                await self._hungry.wait()
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), 1.0)

    async def _due(self) -> list[Due]:
        """Dispatches to claim from; none while no connection is open, so that nothing is claimed that can't leave."""
        due = await self.sender.ledger.live_dispatches(relay=self.relay.pk, default_relay=self.default_relay)
        if due and not self._connections:
            self._open_more(1)
            while self._opening and not self._connections:
                await asyncio.sleep(0.01)
        now = time.monotonic()
        due = [one for one in due if now >= self._put_off.get(one.id, 0.0)]
        return due if self._connections else []

    async def _claim(self, due: list[Due]) -> None:
        """Claim from the most urgent dispatches, in equal parts, so that a few mails never wait behind a bulk."""
        urgent = [one for one in due if one.priority == due[0].priority]
        urgent = [one for one in urgent if await self._has_letter(one)]
        async with self._claiming:
            for one in urgent:
                asked = time.monotonic()
                rows = await self.sender.ledger.claim(dispatch=one.id, limit=max(10, self._portion // len(urgent)))
                self.counts.claims += 1
                self.counts.claimed += len(rows)
                self.counts.claim_seconds += time.monotonic() - asked
                if self._waiting and one.priority < 5:
                    self._waiting.extendleft(reversed(rows))
                else:
                    self._waiting.extend(rows)
        self._let_go_on()

    async def _has_letter(self, due: Due) -> bool:
        """Compile what is not compiled yet; forget what nobody needs any more. False where it can't be done."""
        letter = self._letters.get(due.id)
        if letter and letter.give_up_at == due.give_up_at and time.monotonic() < letter.fresh_until:
            return True
        if len(self._letters) > LETTERS:
            needed = {row.dispatch for row in self._waiting}
            self._letters = {one: kept for one, kept in self._letters.items() if one in needed}
        try:
            self._letters[due.id] = await sync_to_async(_letter)(due)
        except (TashikaError, ValueError) as error:  # such as a key that can't be unsealed: this dispatch waits
            log.warning("can't be sent: %s", type(error).__name__, extra={"dispatch": due.id})
            self._put_off[due.id] = time.monotonic() + FRESH
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
        if self._closing or time.monotonic() < self._not_before:
            return
        most = 1 if self._failures else self._most
        number = min(wanted, most - len(self._connections) - self._opening)
        for _ in range(number):
            self._opening += 1
            task = asyncio.create_task(self._open())
            self._helpers.add(task)
            task.add_done_callback(self._helpers.discard)

    async def _open(self) -> None:
        asked = time.monotonic()
        try:
            connection = await open_connection(self._server, self)
        except UnableToConnect as error:
            self.counts.unreachable += 1
            self._failed()
            await sync_to_async(_note_error)(self.relay.pk, str(error))
            self.relay.last_error = str(error)
            return
        finally:
            self._opening -= 1
        self._connections.add(connection)
        self.counts.connected += 1
        self.counts.connect_seconds += time.monotonic() - asked
        if self.relay.last_error:
            self.relay.last_error = ""
            await sync_to_async(_note_error)(self.relay.pk, "")
        connection.go_on()

    def _failed(self) -> None:
        """Wait longer from failure to failure, and hold nothing meanwhile."""
        self._failures = min(self._failures + 1, 7)
        self._not_before = time.monotonic() + min(30.0, 0.5 * 2**self._failures)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_EVERY)
            now = time.monotonic()
            self._rate, self._begun = 0.5 * self._rate + 0.5 * self._begun / TEND_EVERY, 0
            self._portion = max(CLAIM_LEAST, min(CLAIM_MOST, int(self._rate * CLAIM_FOR)))
            self._record_at = max(RECORD_LEAST, int(self._rate * RECORD_FOR))
            for connection in list(self._connections):
                connection.expire(now)
            for connection in list(self._resting):
                if now - connection.idle_since > IDLE:
                    self._resting.discard(connection)
                    connection.quit()
                    self._connections.discard(connection)
            if self._waiting and not self._connections and not self._opening and self._failures:
                async with self._claiming:
                    await self._give_back(_nothing)
            self._let_go_on()

    # -- what connections ask and say (smtp.client.Carrier)

    def next_mail(self) -> Carried | None:
        """The next claimed row that may begin at this instant, built."""
        waiting = self._waiting
        while waiting:
            row = waiting[0]
            if not self.sender.may_begin(row.dispatch, row.epoch) or self._is_too_early():
                return None
            waiting.popleft()
            if len(waiting) < self._portion:
                self._hungry.set()
            carried = self._build(row)
            if carried is not None:
                self._begun += 1
                self.counts.begun += 1
                self._under_way.add(carried)
                return carried
        self._hungry.set()
        self._woken.set()
        return None

    def may_begin(self, transaction: Transaction) -> bool:
        """Whether the body may be handed over at this instant."""
        assert isinstance(transaction, Carried)
        return self.sender.may_begin(transaction.row.dispatch, transaction.row.epoch)

    def body_begins(self, transaction: Transaction) -> None:
        """On disk before it is on the wire."""
        assert isinstance(transaction, Carried)
        transaction.body = _now()
        row = transaction.row
        reason = self.sender.ledger.reasons.get(row.dispatch, "")
        begun = Begun(row.id, row.message_id, row.dispatch, row.address_hash, row.claim)
        self.sender.journal.body_begins(begun, reason)

    def concluded(self, transaction: Transaction, result: Result) -> None:
        """What became of a mail: noted for the journal and for the ledger."""
        assert isinstance(transaction, Carried)
        self._under_way.discard(transaction)
        row, ended = transaction.row, _now()
        self.counts.concluded(result, transaction.begun, transaction.body, ended)
        state, due = result.outcome.value, None
        if result.outcome is Outcome.ACCEPTED:
            self._failures = 0
        elif result.outcome is Outcome.DEFERRED:
            give_up_at = transaction.letter.give_up_at
            due_at = retrying.next_attempt(attempts=row.attempts, now=clock.now(), give_up_at=give_up_at)
            due = int(due_at.timestamp() * 1_000_000) if due_at else None
            state = states.QUEUED if due_at else states.REFUSED
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
        if connection.taken == 0 and not self._closing and "stopped" not in words:
            self._failed()

    # -- building

    def _build(self, row: Claimed) -> Carried | None:
        letter = self._letters[row.dispatch]
        begun = _now()
        try:
            message = letter.mail.build(
                row=row.id,
                address=row.address,
                message_id=row.message_id,
                values=row.values,
                date=_second(begun // 1_000_000),
            )
            digest = hashlib.sha256(message).digest()
            if letter.mail.signer:
                message = letter.mail.signer.sign(message)
        except Exception as error:  # a fault in one person's values must not stop the others (37 of the fault list)
            log.warning("can't be built: %s", type(error).__name__, extra={"ledger": row.id, "dispatch": row.dispatch})
            words = f"{type(error).__name__}: {error}"
            self._end(Ended(row.id, row.claim, states.EXCLUDED, words, None, _now()))
            return None
        sender = letter.mail.envelope_sender(row.id)
        return Carried(sender, row.address, message, row, letter, begun, digest)

    def _is_too_early(self) -> bool:
        """Whether the relay's pace asks to wait; the resting connections are woken when it is over."""
        wait = self._pace.take(time.monotonic())
        if wait > 0 and not self._pausing:
            self._pausing = True
            self._loop.call_later(wait, self._after_pause)
        return wait > 0

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


def _now() -> int:
    """This moment in microseconds since 1970."""
    return time.time_ns() // 1000


@lru_cache(maxsize=4)
def _second(seconds: int) -> datetime:
    """The moment of a Date field, which has no fractions."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _letter(due: Due) -> Letter:
    kept = Version.objects.get(pk=due.mail_version)
    organisation = Dispatch.objects.values_list("organisation", flat=True).get(pk=due.id)
    return Letter(letters.of(kept, organisation), due.give_up_at, time.monotonic() + FRESH)


def _note_error(relay: int, words: str) -> None:
    Relay.objects.filter(pk=relay).update(last_error=words[:500], last_error_at=clock.now() if words else None)

"""A lane: one relay's connections in one sender, from the claim to the record."""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from asgiref.sync import sync_to_async

from tashika.contents.models import Version
from tashika.core import clock, config
from tashika.delivery import letters, relays, retrying, states
from tashika.delivery.journal import Journal
from tashika.delivery.ledger import Claimed, Ended, Ledger
from tashika.delivery.models import Dispatch, Relay
from tashika.delivery.smtp import client
from tashika.delivery.smtp.client import Outcome

log = logging.getLogger("tashika.delivery")

CLAIM = 100  # rows at a time: what a stop has to give back is small
RECORD_AT = 25  # outcomes that wait at most; costs nothing in speed and leaves little unrecorded after kill -9
RECORD_EVERY = 0.05  # seconds
IDLE = 5.0  # seconds until an idle connection is closed
JOURNAL_LIMIT = 4_000_000  # bytes

MayBegin = Callable[[int, int], bool]


class Owner(Protocol):
    """What a lane needs of its sender."""

    ledger: Ledger
    journal: Journal

    def may_begin(self, dispatch: int, epoch: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What is common to the mails of a dispatch."""

    mail: letters.Mail
    give_up_at: datetime


@dataclass(slots=True)
class UnderWay:
    """A transaction that has begun."""

    row: Claimed
    connection: client.Connection
    begun_at: datetime
    body_begun: bool = False
    doubted: bool = False  # already recorded as in doubt, because a stop could not wait for the reply


@dataclass
class Lane:
    """Claims rows for one relay and carries them over several connections."""

    relay: Relay
    sender: Owner
    default_relay: int = 0
    _waiting: asyncio.Queue[Claimed] = field(default_factory=lambda: asyncio.Queue(CLAIM * 2))
    _ended: list[Ended] = field(default_factory=list)
    _in_hand: dict[int, Claimed] = field(default_factory=dict)  # taken by a connection, transaction not begun
    _transactions: dict[int, UnderWay] = field(default_factory=dict)
    _letters: dict[int, Letter] = field(default_factory=dict)
    _closing: bool = False

    def __post_init__(self) -> None:
        self._woken = asyncio.Event()
        self._enough = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._recording = asyncio.Lock()
        self._failures = 0
        self._next_begin = 0.0
        self._server = relays.server_of(self.relay)
        count = min(self.relay.connections, config.get_int("sender_connections"))
        self._tasks = [asyncio.create_task(self._feed()), asyncio.create_task(self._record_often())]
        self._tasks += [asyncio.create_task(self._carry()) for _ in range(count)]

    def fits(self, relay: Relay) -> bool:
        """Whether this lane still is as the relay's row says."""
        return relays.server_of(relay) == self._server and (relay.connections, relay.per_hour) == (
            self.relay.connections,
            self.relay.per_hour,
        )

    def wake(self) -> None:
        """There may be work."""
        self._woken.set()
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception():
                raise RuntimeError("a lane broke") from task.exception()

    async def halt(self, may_begin: MayBegin, within: float) -> None:
        """Return once nothing that may not begin is under way here and all is recorded (G3).

        Envelopes under way are dropped; bodies already handed over get `within` seconds for their reply and are then
        recorded as in doubt, while we go on listening: a late reply is evidence.
        """
        async with self._claiming:
            await self._give_back(may_begin)
        deadline = time.monotonic() + within
        while pending := [u for u in self._transactions.values() if not may_begin(u.row.dispatch, u.row.epoch)]:
            for transaction in pending:
                if not transaction.body_begun:
                    transaction.connection.drop()
            if time.monotonic() > deadline:
                self._doubt(pending)
                break
            await asyncio.sleep(0.002)
        await self._record()

    async def close(self) -> None:
        """Stop claiming, give back what was not begun, wait for replies under way for a while, record, hang up."""
        self._closing = True
        for task in self._tasks[:1]:
            task.cancel()
        await self.halt(lambda dispatch, epoch: False, 10.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._record()

    async def _feed(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            pause = min(60.0, 0.5 * 2**self._failures) if self._failures else 0.0
            if pause:
                await asyncio.sleep(pause)
            while await self._claim_round():
                pass

    async def _claim_round(self) -> int:
        """Claim for each live dispatch in turn, so that a small one never waits behind a large one."""
        claimed = 0
        live = await self.sender.ledger.live_dispatches(relay=self.relay.pk, default_relay=self.default_relay)
        for dispatch, version, give_up_at in live:
            if len(self._letters) > 200 and self._waiting.empty() and not self._in_hand:
                self._letters.clear()
            if dispatch not in self._letters:
                self._letters[dispatch] = await sync_to_async(_letter)(dispatch, version, give_up_at)
            while self._waiting.qsize() > CLAIM // 2:
                await asyncio.sleep(0.002)
            if self._failures:
                return 0
            async with self._claiming:
                if self._closing:
                    return 0
                rows = await self.sender.ledger.claim(dispatch=dispatch, limit=CLAIM)
                for row in rows:
                    self._waiting.put_nowait(row)
            claimed += len(rows)
        return claimed

    async def _carry(self) -> None:
        """One connection's life: take a row, send it, take the next."""
        connection: client.Connection | None = None
        try:
            while True:
                try:
                    row = await asyncio.wait_for(self._waiting.get(), IDLE if connection else None)
                except TimeoutError:
                    if connection:
                        await connection.quit()
                    connection = None
                    continue
                self._in_hand[row.id] = row
                try:
                    connection = await self._carry_row(row, connection)
                finally:
                    self._in_hand.pop(row.id, None)
        finally:
            if connection:
                connection.drop()

    async def _carry_row(self, row: Claimed, connection: client.Connection | None) -> client.Connection | None:
        await self._keep_pace()
        if connection is None or not connection.usable:
            connection = await self._connect(row)
            if connection is None:
                return None
        if not self.sender.may_begin(row.dispatch, row.epoch):
            await self.sender.ledger.give_back([row])
            return connection if connection.usable else None
        letter, begun_at = self._letters[row.dispatch], clock.now()
        message = self._build(row, letter, begun_at)
        if message is not None:
            await self._transact(row, letter, connection, begun_at, message)
        return connection if connection.usable else None

    async def _connect(self, row: Claimed) -> client.Connection | None:
        try:
            connection = await client.open_connection(self._server)
        except client.UnableToConnect as error:
            self._failures = min(self._failures + 1, 7)
            await self.sender.ledger.give_back([row])
            await sync_to_async(_note_error)(self.relay.pk, str(error))
            await asyncio.sleep(min(30.0, 0.5 * 2**self._failures))
            return None
        if self._failures or self.relay.last_error:
            await sync_to_async(_note_error)(self.relay.pk, "")
            self.relay.last_error = ""
        self._failures = 0
        return connection

    def _build(self, row: Claimed, letter: Letter, begun_at: datetime) -> bytes | None:
        try:
            return letter.mail.build(
                row=row.id, address=row.address, message_id=row.message_id, values=row.values, date=begun_at
            )
        except Exception as error:  # a fault in one person's values must not stop the others (37 of the fault list)
            log.warning("ledger:%s can't be built: %s", row.id, type(error).__name__)
            self._end(Ended(row.id, states.EXCLUDED, f"{type(error).__name__}: {error}", None, clock.now()))
            return None

    async def _transact(
        self, row: Claimed, letter: Letter, connection: client.Connection, begun_at: datetime, message: bytes
    ) -> None:
        transaction = UnderWay(row, connection, begun_at)
        self._transactions[row.id] = transaction
        del self._in_hand[row.id]

        def body_begins() -> None:
            self.sender.journal.body_begins(row.id)
            transaction.body_begun = True

        try:
            result = await connection.send(
                sender=letter.mail.envelope_sender,
                recipient=row.address,
                body=message,
                may_begin=lambda: self.sender.may_begin(row.dispatch, row.epoch),
                body_begins=body_begins,
            )
        finally:
            self._transactions.pop(row.id, None)
        self._conclude(transaction, letter, result, hashlib.sha256(message).digest())

    def _conclude(self, transaction: UnderWay, letter: Letter, result: client.Result, digest: bytes) -> None:
        row, ended_at = transaction.row, clock.now()
        state, due_at = result.outcome.value, None
        if result.outcome is Outcome.DEFERRED:
            due_at = retrying.next_attempt(attempts=row.attempts, now=ended_at, give_up_at=letter.give_up_at)
            state = states.QUEUED if due_at else states.REFUSED
        elif result.outcome is Outcome.NOT_LEFT:
            state = states.QUEUED
            if transaction.connection.sent == 0 and self.sender.may_begin(row.dispatch, row.epoch):
                self._failures = min(self._failures + 1, 7)
        if transaction.body_begun:
            self.sender.journal.replied(row.id, state, result.reply)
        if state == states.QUEUED and due_at is None:
            self._end(Ended(row.id, state, result.reply, None, ended_at))
        else:
            self._end(Ended(row.id, state, result.reply, transaction.begun_at, ended_at, digest, due_at))

    def _doubt(self, pending: list[UnderWay]) -> None:
        for transaction in pending:
            if transaction.body_begun and not transaction.doubted:
                transaction.doubted = True
                self._ended.append(
                    Ended(transaction.row.id, states.IN_DOUBT, "no reply yet", transaction.begun_at, clock.now())
                )

    def _end(self, ended: Ended) -> None:
        self._ended.append(ended)
        if len(self._ended) >= RECORD_AT:
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
            try:
                await self.sender.ledger.record(batch)
            except BaseException:
                self._ended = batch + self._ended
                raise
            if self.sender.journal.size > JOURNAL_LIMIT:
                begun = [u.row.id for u in self._transactions.values() if u.body_begun]
                self.sender.journal.compact(begun, [(e.id, e.state, e.reply) for e in self._ended])

    async def _give_back(self, may_begin: MayBegin) -> None:
        """Give back what was claimed and not begun, if it may not begin: also what a connection has just taken, for it
        asks `may_begin` again before it begins."""
        rows = [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]
        for row in rows:
            if may_begin(row.dispatch, row.epoch):
                self._waiting.put_nowait(row)
        await self.sender.ledger.give_back(
            [row for row in [*rows, *self._in_hand.values()] if not may_begin(row.dispatch, row.epoch)]
        )

    async def _keep_pace(self) -> None:
        if self.relay.per_hour:
            now = time.monotonic()
            self._next_begin = max(now, self._next_begin) + 3600 / self.relay.per_hour
            await asyncio.sleep(max(0.0, self._next_begin - 3600 / self.relay.per_hour - now))


def _letter(dispatch: int, version: int, give_up_at: datetime) -> Letter:
    kept = Version.objects.get(pk=version)
    organisation = Dispatch.objects.values_list("organisation", flat=True).get(pk=dispatch)
    return Letter(letters.of(kept, organisation), give_up_at)


def _note_error(relay: int, words: str) -> None:
    Relay.objects.filter(pk=relay).update(last_error=words[:500], last_error_at=clock.now() if words else None)

"""The sender process: claim, compile, send, record; stop at once.

    run_forever
      ├── look where this host stands: without an armed one nothing is sent (`arming`)
      ├── adopt the journals of senders that died on this host
      ├── keep: renew the permit, hear stops, finish dispatches, reap what nobody speaks for
      ├── mind the queue of this host's Postfix (`relay_queue`)
      └── a lane for each relay (`lanes`): claim → compile → SMTP → record

What it promises: no body is handed over without a permit that still runs and after a stop that it has heard of; a
stop is answered only when nothing of it is under way here (G3). A body whose reply is not read is in doubt (G2).
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import uvloop
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseAway

from tashika.core import clock, config, database, logs
from tashika.delivery import counting, reconciling, relays, sending_window
from tashika.delivery.arming import looking
from tashika.delivery.arming.memory import Memory
from tashika.delivery.journal import Journal, forget
from tashika.delivery.lanes import Lane
from tashika.delivery.ledger import Ledger
from tashika.delivery.models import Relay
from tashika.delivery.permit import Permit
from tashika.delivery.relay_queue import minding
from tashika.delivery.sending_window import Window

log = logging.getLogger("tashika.delivery")

ANSWER_WITHIN = 1.5  # seconds that a stop waits for replies to bodies already handed over


class Sender:
    """One sender process. Lanes ask it whether they may begin."""

    def __init__(self, *, journals: Path, permit: Permit, standing: looking.Standing, watch: reconciling.Watch) -> None:
        self.standing = standing
        self.memory = Memory(journals.parent)
        self.id = uuid4()
        logs.identify(sender=self.id)
        self.journals = journals
        self.permit = permit
        self.watch = watch
        self.may_begin = permit.may_begin
        self.journal = Journal(journals, self.id)
        self.lanes: dict[int, Lane] = {}
        self.relay_queue = minding.Minder(host=standing.host, data=journals.parent)
        self.ledger: Ledger
        self._seen_stop = 0
        self._wake = asyncio.Event()
        self._obeying = asyncio.Lock()

    async def run(self, ending: asyncio.Event) -> None:
        """Work until `ending` is set; then give back what was not begun. Raises when the database goes away: what is
        not recorded by then is in the journal."""
        try:
            await self._run(ending)
        except BaseException:
            self.journal.abandon()
            raise
        self.journal.close()

    async def _run(self, ending: asyncio.Event) -> None:
        async with await _connect() as connection, await _connect() as ear:
            await self.enter(connection)
            await ear.execute("LISTEN tashika_stop")
            await ear.execute("LISTEN tashika_work")
            await ear.execute("LISTEN tashika_forewarn")
            tasks = [
                asyncio.create_task(self._hear(ear)),
                asyncio.create_task(self._keep()),
                asyncio.create_task(self._tend_lanes()),
                asyncio.create_task(minding.look_ahead(self.lanes)),
                asyncio.create_task(self.relay_queue.mind(self.lanes)),
                asyncio.create_task(ending.wait()),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await self.close_lanes()
            for task in done:
                task.result()
            await self.ledger.end()

    async def enter(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Enter the register, with a permit."""
        self.ledger = Ledger(connection, self.id)
        begun = self.permit.clock()
        self._seen_stop = await self.ledger.register(
            host=socket.gethostname(),
            pid=os.getpid(),
            permit=self.permit.span,
            home=self.standing.host,
            remembered=self.standing.counter,
        )
        await asyncio.to_thread(self.memory.remember, self.ledger.counted)
        self.permit.runs_from(begun)
        self.permit.all_stopped = await self.ledger.emergency()

    async def close_lanes(self) -> None:
        """Begin nothing any more, and let what is under way end as far as it can."""
        self.permit.closing = True
        await asyncio.gather(*(lane.close() for lane in self.lanes.values()), return_exceptions=True)

    async def _hear(self, ear: psycopg.AsyncConnection[Any]) -> None:
        async for notice in ear.notifies():
            if notice.channel == "tashika_forewarn":
                self.permit.hold(None if notice.payload == "all" else int(notice.payload))
            elif notice.channel == "tashika_stop":
                await self.obey()
                self.relay_queue.wake()
            else:
                self._wake.set()
                self.relay_queue.wake()

    async def obey(self) -> None:
        """Hear of new stops, wait until nothing of theirs is under way here, and answer."""
        async with self._obeying:
            await self._obey_new_stops()

    async def _obey_new_stops(self) -> None:
        stops = await self.ledger.open_stops(self._seen_stop)
        if not stops:
            self.permit.all_stopped = await self.ledger.emergency()
            return
        self.permit.hear(stops)
        await asyncio.gather(*(lane.halt(self.may_begin, ANSWER_WITHIN) for lane in self.lanes.values()))
        self._seen_stop = stops[-1][0]
        await self.ledger.answer(self._seen_stop)
        self.permit.all_stopped = await self.ledger.emergency()

    async def keep_permit(self) -> None:
        """Renew the permit; hear stops even if a notice got lost. A renewed permit counts only once stops were heard: one
        that had run out may have let a stop be answered without us. Raises RuntimeError when we were struck off."""
        begun = self.permit.clock()
        says = counting.says([lane.says() for lane in self.lanes.values()], self.journals)
        if not await self.ledger.renew(self.permit.span, says):
            raise RuntimeError("this sender was struck off the register, or is not armed any more")
        await asyncio.to_thread(self.memory.remember, self.ledger.counted)
        for lane in self.lanes.values():
            lane.paces.share(self.ledger.senders)
        await self.obey()
        self.permit.runs_from(begun)

    async def _keep(self) -> None:
        """Renew the permit three times within its span, and see to what is due."""
        span = self.permit.span
        rounds = 0
        while True:
            await self.keep_permit()
            await self.ledger.finish_dispatches()
            if self.journal.is_long:
                self.journal.rotate()
            if rounds % 5 == 0:
                await sync_to_async(reconciling.reconcile)(journals=self.journals, now=clock.now(), watch=self.watch)
            if rounds % 3600 == 0:
                forget(self.journals, now=clock.now())
            rounds += 1
            await asyncio.sleep(min(1.0, span.total_seconds() / 3))

    async def _tend_lanes(self) -> None:
        """A lane for each relay that may be used; lanes are woken when work is handed down."""
        while True:
            usable, default, window = await sync_to_async(_usable_relays)()
            for relay in usable:
                lane = self.lanes.get(relay.pk)
                if lane is None or not lane.fits(relay):
                    if lane is not None:
                        await lane.close()
                    self.lanes[relay.pk] = Lane(relay=relay, sender=self)
                self.lanes[relay.pk].default_relay, self.lanes[relay.pk].window = default, window
            for pk in set(self.lanes) - {relay.pk for relay in usable}:
                await self.lanes.pop(pk).close()
            for lane in self.lanes.values():
                lane.wake()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 1.0)
            self._wake.clear()


def run_forever() -> None:
    """The sender process until SIGTERM or SIGINT. A lost database is waited for; a journal is never thrown away."""
    # What is loaded now lives on; the mails are made of what ends by itself: looking for cycles often would be in vain.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    uvloop.run(_run_until_told())


async def _run_until_told() -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    data = config.data_folder()
    permit = timedelta(seconds=config.get_int("permit_seconds"))
    watch = reconciling.Watch()
    while not ending.is_set():
        try:
            standing = await sync_to_async(_look)(data, watch)
            if not standing.why:
                journals = data / "journals"
                await Sender(journals=journals, permit=Permit(permit), standing=standing, watch=watch).run(ending)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 1.0)
        except (psycopg.Error, DatabaseAway, OSError, RuntimeError) as error:
            counting.interrupted(error)
            log.warning("interrupted by %s; trying again", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 1.0)


def _look(data: Path, watch: reconciling.Watch) -> looking.Standing:
    """Adopt what dead senders of this host have left, and see whether it may send."""
    from django.db import close_old_connections

    close_old_connections()  # one that broke is not used again
    reconciling.reconcile(journals=data / "journals", now=clock.now(), watch=watch)
    return looking.look(data=data, now=clock.now())


async def _connect() -> psycopg.AsyncConnection[Any]:
    """A connection that PostgreSQL cuts when it stands idle in a transaction: a sender that is frozen in the middle of
    a claim must not keep the gate from a stop."""
    return await psycopg.AsyncConnection.connect(
        database.conninfo(),
        autocommit=True,
        application_name="tashika sender",
        options="-c idle_in_transaction_session_timeout=1000",
    )


def _usable_relays() -> tuple[list[Relay], int, Window]:
    """Relays that may take mail, the default one's id, and when bulk may leave. An unconfirmed relay is none of them (G11)."""
    from django.db import close_old_connections

    close_old_connections()
    default = relays.default_relay(now=clock.now())
    usable = [
        relay for relay in Relay.objects.filter(archived_at=None) if relay.practice or relay.confirmed_at is not None
    ]
    return usable, int(default.pk), sending_window.current()

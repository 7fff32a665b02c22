"""What a sender does for the Postfix of its host, beside its lanes: looks how much is ahead, and holds what was stopped.

Every sender looks how much is ahead; holding is done by one of a host at a time, whoever has the lock on a file.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.db import close_old_connections, connections

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.delivery import counting, postfix_queue
from tashika.delivery.models import Relay
from tashika.delivery.relay_queue import holding
from tashika.delivery.relay_queue.credit import Credit

log = logging.getLogger("tashika.delivery")

LOOK_EVERY = 0.5  # seconds between two looks at how much is ahead
COST = 20  # times as long as a look took is waited at least: it takes a twentieth of a processor at most
SOON = 0.1  # seconds, while a stop waits for its answer
TEND_EVERY = 1.0  # seconds between two looks for stops and wishes
WATCH_EVERY = 10.0  # seconds between two looks whether what is held is still there
EXAMINE_EVERY = 600.0  # seconds between two looks whether the queue can be used


class Minded(Protocol):
    """What is needed of a lane."""

    relay: Relay
    credit: Credit
    counts: counting.LaneCounts

    def wake(self) -> None: ...


async def look_ahead(lanes: Mapping[int, Minded]) -> None:
    """Tell the lanes of this host's Postfix how much is ahead."""
    while True:
        asked = time.monotonic()
        ours = [one for one in lanes.values() if one.relay.on_this_host]
        if any(not one.credit.is_idle(one.counts.begun) for one in ours):
            begun = [one.counts.begun for one in ours]
            try:
                ahead = await asyncio.to_thread(postfix_queue.ids_ahead)
            except postfix_queue.UnableToReadQueue:
                for one in ours:
                    one.credit.failed()
            else:
                for one, number in zip(ours, begun, strict=True):
                    one.credit.looked(ahead, begun=number, now=asked)
                    one.wake()
        await asyncio.sleep(max(LOOK_EVERY, COST * (time.monotonic() - asked)))


class Minder:
    """Holds what was stopped, and fulfils wishes, on one host."""

    def __init__(self, *, host: UUID, data: Path) -> None:
        self._host = host
        self._lock = data / "relay_queue.lock"
        self._woken = asyncio.Event()
        self._watch_at = self._examine_at = 0.0

    def wake(self) -> None:
        """A stop was pressed, or a person has decided."""
        self._woken.set()

    async def mind(self, lanes: Mapping[int, Minded]) -> None:
        """For as long as the sender lives. In a thread of its own: what it waits for must not keep a permit waiting."""
        loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "relay queue")
        with _open(self._lock) as descriptor:
            try:
                while True:
                    wait = TEND_EVERY
                    if any(one.relay.on_this_host for one in lanes.values()) and _is_ours(descriptor):
                        began = time.monotonic()
                        soon = await loop.run_in_executor(thread, self._tend)
                        took = time.monotonic() - began
                        wait = SOON if soon else min(WATCH_EVERY, max(TEND_EVERY, COST * took))
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), wait)
                    self._woken.clear()
            finally:
                thread.submit(connections.close_all)
                thread.shutdown(wait=False)

    def _tend(self) -> bool:
        """Whether there is more to do in a moment."""
        close_old_connections()
        now = clock.now()
        try:
            if holding.look_after_stops(host=self._host, now=now):
                return True
            holding.fulfil(host=self._host, now=now)
            if self._is_time("_watch_at", WATCH_EVERY):
                holding.watch(host=self._host, now=now)
            if self._is_time("_examine_at", EXAMINE_EVERY):
                postfix_queue.examine()
                holding.note_whether_it_works(words="")
        except TashikaError as error:
            log.warning("Postfix's queue: %s", error.code)
            holding.note_whether_it_works(words=error.words)
        return False

    def _is_time(self, name: str, every: float) -> bool:
        now = time.monotonic()
        if now < getattr(self, name):
            return False
        setattr(self, name, now + every)
        return True


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

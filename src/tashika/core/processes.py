"""Processes of ours say that they live, where, and what they have counted: the web server's, the workers', the catcher.
(Senders say it with their permit, in the register of senders.)"""

import atexit
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.db.models import Q, QuerySet
from psycopg.types.json import Jsonb

from tashika.core import database, sql
from tashika.core.counting import Counts
from tashika.core.models import Process

log = logging.getLogger("tashika.core")

EVERY = 2.0  # seconds
SILENT_AFTER = timedelta(seconds=10)
KEPT = timedelta(minutes=10)  # an ended process is shown so long

counts = Counts()  # of this process


def begin(kind: str, *, says: Callable[[], dict[str, Any]] = dict) -> None:
    """Say from now on, beside everything else, that this process lives. `says` adds what it is doing."""
    reporter = _Reporter(kind, says)
    threading.Thread(target=reporter.run, name="tashika process", daemon=True).start()
    atexit.register(reporter.end)


def shown(now: datetime) -> QuerySet[Process]:
    """Processes that live, are silent, or ended a moment ago."""
    recent = Q(ended_at=None) | Q(ended_at__gt=now - KEPT)
    return Process.objects.filter(recent, seen_at__gt=now - timedelta(days=1)).order_by("kind", "started_at")


def is_silent(process: Process, now: datetime) -> bool:
    """Whether a process that has not ended was not heard of for too long."""
    return process.ended_at is None and process.seen_at < now - SILENT_AFTER


def memory() -> int:
    """Bytes of memory that this process has resident; 0 where the system doesn't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Reporter:
    def __init__(self, kind: str, says: Callable[[], dict[str, Any]]) -> None:
        self._values = {"id": uuid4(), "kind": kind, "host": socket.gethostname()[:100], "pid": os.getpid()}
        self._says = says
        self._connection: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error):  # the database is away: said again in a moment
                self._say()
            time.sleep(EVERY)

    def end(self) -> None:
        """The process ends by itself."""
        with contextlib.suppress(psycopg.Error):
            self._say(ended=True)

    def _say(self, *, ended: bool = False) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                database.conninfo(), autocommit=True, connect_timeout=5, application_name="tashika process"
            )
        says = {**self._says(), "memory": memory(), "counts": counts.counted()}
        try:
            self._connection.execute(sql.load("core", "say"), {**self._values, "says": Jsonb(says), "ended": ended})
        except psycopg.Error:
            self._connection.close()
            raise

"""The sender's hand on the ledger: claim, record, give back. Asynchronous, one connection, sets of rows."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tashika.core import sql
from tashika.delivery import planning

GATE = 0x67617465  # every claim takes this lock shared, every stop takes it alone: a stop sees no claim half done (G3)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in a sender's hands."""

    id: int
    dispatch: int
    epoch: int
    address: str
    message_id: UUID
    values: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a row. `state` is accepted, refused, in_doubt or queued (to be tried again at `due_at`)."""

    id: int
    state: str
    reply: str
    begun_at: datetime | None
    ended_at: datetime
    body_hash: bytes | None = None
    due_at: datetime | None = None


class Ledger:
    """Statements of one sender over one connection; a lock keeps them apart."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], sender: UUID) -> None:
        self._connection = connection
        self._sender = sender
        self.lock = asyncio.Lock()

    async def register(self, *, host: str, pid: int, permit: timedelta) -> None:
        """Enter the register of senders with a permit. Stops pressed before are answered: none of ours was under way."""
        await self._execute(
            "INSERT INTO delivery_sender (id, host, pid, started_at, seen_at, permit_until, seen_stop)"
            " VALUES (%s, %s, %s, now(), now(), now() + %s, coalesce((SELECT max(id) FROM delivery_stop), 0))",
            [self._sender, host, pid, permit],
        )

    async def renew(self, permit: timedelta) -> bool:
        """Renew the permit. False when the register says that we have ended: then nothing may be sent any more."""
        cursor = await self._execute(
            "UPDATE delivery_sender SET seen_at = now(), permit_until = now() + %s WHERE id = %s AND ended_at IS NULL",
            [permit, self._sender],
        )
        return cursor.rowcount == 1

    async def end(self) -> None:
        """Leave the register: everything is recorded."""
        await self._execute("UPDATE delivery_sender SET ended_at = now() WHERE id = %s", [self._sender])

    async def live_dispatches(self, *, relay: int, default_relay: int) -> list[tuple[int, int, datetime]]:
        """Dispatches with something due for a relay: id, mail version, when it gives up."""
        cursor = await self._execute(
            sql.load("delivery", "live_dispatches"), {"relay": relay, "default_relay": default_relay}
        )
        return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]

    async def claim(self, *, dispatch: int, limit: int) -> list[Claimed]:
        """Take rows. What is returned is committed as `sending` in our name."""
        statement = sql.load("delivery", "claim").replace("{eligibility}", planning.eligibility())
        async with self.lock, self._connection.transaction():
            await self._connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
            cursor = await self._connection.execute(
                statement, {"dispatch": dispatch, "sender": self._sender, "limit": limit}
            )
            rows = await cursor.fetchall()
        return [
            Claimed(row[0], dispatch, row[2], row[3], row[4], row[5], row[6]) for row in rows if row[1] == "sending"
        ]

    async def record(self, ended: list[Ended]) -> None:
        """Record outcomes as a set. Raises psycopg.Error and records nothing when the database is away."""
        if ended:
            await self._execute(
                sql.load("delivery", "record"),
                {
                    "sender": self._sender,
                    "ids": [row.id for row in ended],
                    "states": [row.state for row in ended],
                    "replies": [row.reply[:500].replace("\0", "") for row in ended],
                    "begun": [row.begun_at for row in ended],
                    "ended": [row.ended_at for row in ended],
                    "hashes": [row.body_hash for row in ended],
                    "due": [row.due_at for row in ended],
                },
            )

    async def give_back(self, rows: list[Claimed]) -> None:
        """Rows that were claimed and not begun are queued again, as if never touched. The epoch belongs to the claim:
        a row that was stopped, released and claimed anew is not touched by the hand that held it before."""
        if rows:
            await self._execute(
                "UPDATE delivery_ledger l SET state = 'queued', sender = NULL"
                " FROM unnest(%s::bigint[], %s::int[]) AS given(id, epoch)"
                " WHERE l.id = given.id AND l.epoch = given.epoch AND l.sender = %s AND l.state = 'sending'",
                [[row.id for row in rows], [row.epoch for row in rows], self._sender],
            )

    async def open_stops(self, after: int) -> list[tuple[int, int | None, int | None]]:
        """Stops newer than `after`: id, dispatch (None: all) and the dispatch's epoch."""
        cursor = await self._execute(
            "SELECT s.id, s.dispatch_id, d.epoch FROM delivery_stop s"
            " LEFT JOIN delivery_dispatch d ON d.id = s.dispatch_id WHERE s.id > %s ORDER BY s.id",
            [after],
        )
        return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]

    async def answer(self, stop: int) -> None:
        """Say that nothing of ours begins any more for every stop up to this one."""
        async with self.lock, self._connection.transaction():
            await self._connection.execute(
                "UPDATE delivery_sender SET seen_stop = %s WHERE id = %s", [stop, self._sender]
            )
            await self._connection.execute("SELECT pg_notify('tashika_stop_answer', %s)", [str(stop)])

    async def finish_dispatches(self) -> None:
        """Finish the dispatches that have nothing left."""
        await self._execute(sql.load("delivery", "finish"))

    async def emergency(self) -> bool:
        """Whether all sending is stopped."""
        cursor = await self._execute("SELECT EXISTS (SELECT FROM delivery_emergency_stop WHERE released_at IS NULL)")
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def _execute(self, statement: str, values: Any = None) -> psycopg.AsyncCursor[Any]:
        async with self.lock:
            return await self._connection.execute(statement, values)

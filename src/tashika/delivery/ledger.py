"""The sender's hand on the ledger: claim, record, give back. Asynchronous, one connection, sets of rows."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tashika.core import sql
from tashika.delivery import planning
from tashika.delivery.gate import GATE


class Unarmed(RuntimeError):
    """This host may not send: it, or the database, is not what a person has armed (G13)."""


class Claimed(NamedTuple):
    """A row in a sender's hands. `claim` is the token that its result has to carry."""

    id: int
    dispatch: int
    claim: int
    epoch: int
    address: str
    address_hash: str
    message_id: str
    values: Mapping[str, Any]
    attempts: int


class Ended(NamedTuple):
    """What became of a row. `state` is accepted, refused, in_doubt, excluded or queued (to be tried again at `due`).
    Moments are microseconds since 1970."""

    id: int
    claim: int
    state: str
    reply: str
    begun: int | None
    ended: int
    body_hash: bytes | None = None
    due: int | None = None
    late: bool = False  # a reply to what is on record as in doubt already


@dataclass(frozen=True, slots=True)
class Due:
    """A dispatch that has something due for a relay."""

    id: int
    mail_version: int
    give_up_at: datetime
    priority: int
    pauses: int = 0  # more than 0: it is paused, and one mail may be tried
    proven: bool = False  # somebody has got it
    drawn: int | None = None  # how many mails the relay's pace allows now, over all dispatches; None: it has no limit

    @property
    def urgent(self) -> bool:
        """Whether it goes before bulk."""
        return self.priority < planning.BULK


class Ledger:
    """Statements of one sender over one connection; a lock keeps them apart."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], sender: UUID) -> None:
        self._connection = connection
        self._sender = sender
        self.lock = asyncio.Lock()
        self._can_claim = False  # whether this session has the function
        self._open: Counter[int] = Counter()  # claim -> rows of it that have not ended
        self._home: UUID | None = None
        self.counted = 0  # the highest count that the database has told our host (G13)
        self.senders = 1  # that live, as of the last renewal
        self.reasons: dict[int, str] = {}  # dispatch -> its reason, as claims brought it

    async def register(self, *, host: str, pid: int, permit: timedelta, home: UUID, remembered: int) -> int:
        """Enter the register of senders with a permit. Stops pressed before are answered, for none of ours was under
        way; returns the newest of them. Every later one waits for our answer: a stop between two looks would be lost.
        `remembered` is the count that the host `home` remembers. Raises Unarmed where nothing may be sent (G13)."""
        self._home, self.counted = home, remembered
        parameters = {"sender": self._sender, "host": host, "pid": pid, "permit": permit}
        row = await self._armed("register", parameters)
        if row is None:
            raise Unarmed(f"host {home} may not send")
        self.counted = int(row[1])
        return int(row[0])

    async def renew(self, permit: timedelta, says: dict[str, Any] | None = None) -> bool:
        """Renew the permit, and say how the sender stands (`counting`). False when the register says that we have
        ended, or when we are not armed any more: then nothing may be sent."""
        row = await self._armed("renew", {"sender": self._sender, "permit": permit, "says": Jsonb(says or {})})
        if row is None:
            return False
        self.counted, self.senders = int(row[0]), max(1, int(row[1]))
        return True

    async def _armed(self, statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        cursor = await self._execute(
            _armed_statement(statement), {**parameters, "home": self._home, "remembered": self.counted}
        )
        return await cursor.fetchone()

    async def end(self) -> None:
        """Leave the register: everything is recorded."""
        await self._execute("UPDATE delivery_sender SET ended_at = now() WHERE id = %s", [self._sender])

    async def live_dispatches(
        self, *, relay: int, default_relay: int, per_hour: int | None = None, wanted: int = 0, is_open: bool = True
    ) -> list[Due]:
        """Dispatches with something due for a relay, the most urgent first. Where the relay has a limit per hour, as many
        mails of the `wanted` are drawn as it allows to all senders together. Not `is_open`: only what is urgent."""
        cursor = await self._execute(
            sql.load("delivery", "live_dispatches"),
            {
                "relay": relay,
                "default_relay": default_relay,
                "per_hour": per_hour,
                "wanted": wanted,
                "open": is_open,
            },
        )
        return [Due(*row) for row in await cursor.fetchall()]

    async def claim(self, *, dispatch: int, limit: int) -> list[Claimed]:
        """Take rows. What is returned is committed as `sending` in our name."""
        async with self.lock:
            if not self._can_claim:
                await self._connection.execute(_claim_function())
                self._can_claim = True
            cursor = await self._connection.execute(
                "SELECT * FROM pg_temp.delivery_claim(%s, %s, %s)", [dispatch, self._sender, limit]
            )
        rows = await cursor.fetchall()
        if rows:
            self._open[rows[0][1]] += len(rows)
            self.reasons[dispatch] = rows[0][8]
        all_values = json.loads(f"[{','.join([row[6] for row in rows])}]")  # one call for all of them
        return [
            Claimed(row, dispatch, claim, epoch, address, address_hash, message_id, values, attempts)
            for (row, claim, epoch, address, address_hash, message_id, _, attempts, _), values in zip(
                rows, all_values, strict=True
            )
        ]

    async def record(self, ended: list[Ended]) -> None:
        """Record outcomes as a set. Raises psycopg.Error and records nothing when the database is away."""
        if not ended:
            return
        ids, claims, moved_to, replies, begun, at, hashes, due, _ = zip(*ended, strict=True)
        parameters = {
            "ids": _array(ids),
            "claims": _array(claims),
            "states": _array(moved_to),
            "replies": _texts([reply[:500] for reply in replies]),
            "begun": _array(begun),
            "ended": _array(at),
            "hashes": _hashes(hashes),
            "due": _array(due),
        }
        await self._settle("record", parameters, [row.claim for row in ended if not row.late])

    async def give_back(self, rows: list[Claimed], due: list[int | None] | None = None) -> None:
        """Rows that were claimed and not begun are queued again, as if never touched; `due` says from when on
        (microseconds since 1970; None: at once). A row that was stopped, released and claimed anew is not touched by the
        hand that held it before: it carries another claim."""
        if rows:
            moments = due or [None] * len(rows)
            parameters = {
                "ids": _array(row.id for row in rows),
                "claims": _array(row.claim for row in rows),
                "due": _array("NULL" if one is None else one for one in moments),
            }
            await self._settle("give_back", parameters, [row.claim for row in rows])

    async def _settle(self, statement: str, parameters: dict[str, Any], claims: list[int]) -> None:
        """Run a statement that ends rows of these claims, and close the claims of which nothing is left in hand."""
        ended = Counter(claims)
        async with self.lock:  # a record and a giving back may each end a part of one claim
            done = [claim for claim, number in ended.items() if 0 < self._open[claim] <= number]
            await self._connection.execute(
                sql.load("delivery", statement), {**parameters, "sender": self._sender, "done": _array(done)}
            )
            for claim, number in ended.items():
                self._open[claim] -= number
                if self._open[claim] <= 0:
                    del self._open[claim]

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
        await self._execute("UPDATE delivery_sender SET seen_stop = %s WHERE id = %s", [stop, self._sender])

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


@lru_cache
def _claim_function() -> str:
    claim = sql.load("delivery", "claim")
    claim = claim.replace("{gate}", str(GATE)).replace("{staff_eligibility}", planning.staff_eligibility())
    return claim.replace("{eligibility}", planning.eligibility())


@lru_cache
def _armed_statement(name: str) -> str:
    armed = sql.load("delivery", "armed").replace("{awaited}", sql.load("delivery", "awaited"))
    return sql.load("delivery", name).replace("{armed}", armed)


# Arrays travel as their text form, put together by one join each: the driver's own dumping of lists costs more than the
# rest of a record.


def _array(values: Iterable[object]) -> str:
    """Numbers and plain words, or None."""
    return f"{{{','.join(map(str, values))}}}".replace("None", "NULL")


def _texts(values: Sequence[str]) -> str:
    whole = '","'.join(values)
    if "\\" in whole or "\0" in whole or whole.count('"') != 2 * (len(values) - 1):
        quoted = [value.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "") for value in values]
        whole = '","'.join(quoted)
    return f'{{"{whole}"}}'


def _hashes(values: Iterable[bytes | None]) -> str:
    return f"{{{','.join(['NULL' if value is None else _HASH + value.hex() for value in values])}}}"


_HASH = "\\\\x"  # what PostgreSQL takes bytes from, as an element of an array

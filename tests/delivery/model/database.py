"""The database as the model needs it: a clock that is set, lines that hold answers back or lose them, and snapshots."""

import asyncio
import contextlib
from contextvars import ContextVar
from typing import Any

import psycopg

from tashika.core import database

# A schema before pg_catalog: the product's `now()` becomes the model's, and so does where the database is.
SCHEMA = """
DROP SCHEMA IF EXISTS model CASCADE;
CREATE SCHEMA model;
CREATE TABLE model.clock (at timestamptz NOT NULL, started timestamptz NOT NULL, restored integer NOT NULL);
INSERT INTO model.clock VALUES ('2026-11-25 09:00+09', '2026-11-25 08:00+09', 0);
CREATE FUNCTION model.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM model.clock';
CREATE FUNCTION model.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT started FROM model.clock';
CREATE FUNCTION model.delivery_place() RETURNS text LANGUAGE sql STABLE
    AS 'SELECT public.delivery_place() || restored FROM model.clock';
"""
SESSION = "SET search_path = model, pg_catalog, public; SET lock_timeout = '40ms'; SET synchronous_commit = off"
TABLES = (
    "delivery_dispatch",
    "delivery_ledger",
    "delivery_queue",
    "delivery_claim",
    "delivery_tally",
    "delivery_sender",
    "delivery_stop",
    "delivery_emergency_stop",
    "delivery_arming",
    "delivery_host",
    "delivery_unmatched",
    "people_contact",
    "people_suppression",
    "people_consent",
    "activity_event",
)
COUNTED = ("delivery_ledger", "delivery_claim", "delivery_stop", "delivery_emergency_stop")

STATE = """
SELECT json_build_object(
    'emergency', EXISTS (SELECT FROM delivery_emergency_stop WHERE released_at IS NULL),
    'rows', (SELECT json_agg(json_build_array(id, dispatch_id, contact_id, address_key, state, claim, EXISTS (
                        SELECT FROM delivery_unmatched u JOIN delivery_dispatch d USING (reason)
                        WHERE d.id = l.dispatch_id AND u.address_hash = l.address_hash AND u.state <> 'refused'
                    )) ORDER BY id)
             FROM delivery_ledger l),
    'queue', (SELECT coalesce(json_agg(row_id ORDER BY row_id), '[]') FROM delivery_queue),
    'claims', (SELECT coalesce(json_agg(json_build_array(id, epoch, coalesce(rows, '{}'))), '[]') FROM delivery_claim),
    'dispatches', (SELECT json_agg(json_build_array(id, state, epoch)) FROM delivery_dispatch),
    'tally', (SELECT coalesce(json_agg(json_build_array(dispatch_id, state, n)), '[]')
              FROM (SELECT dispatch_id, state, sum(rows) AS n FROM delivery_tally GROUP BY 1, 2 HAVING sum(rows) <> 0) t)
)"""


class Admin:
    """The model's own connection: sets the clock, takes and puts back snapshots, reads the whole state."""

    def __init__(self) -> None:
        self.connection = psycopg.connect(database.conninfo(), autocommit=True)
        self.connection.execute(SCHEMA)
        self.connection.execute("SET synchronous_commit = off")
        self._columns = {table: self._columns_of(table) for table in TABLES}
        self._last: dict[tuple[str, str], int] = {}

    def keep(self, name: str) -> None:
        """Keep the present state under a name."""
        self.connection.execute(
            "; ".join(
                f"CREATE TABLE IF NOT EXISTS model.{name}_{table} (LIKE public.{table});"
                f"DELETE FROM model.{name}_{table};"
                f"INSERT INTO model.{name}_{table} TABLE public.{table}"
                for table in TABLES
            )
        )
        for table in COUNTED:
            self._last[name, table] = self._value(
                f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq"
            )

    def last(self, name: str, table: str) -> int:
        """The last number of a table that was given when a state was kept."""
        return self._last[name, table]

    def put_back(self, name: str) -> None:
        """Put the database back to what was kept, its sequences with it: as a restore does."""
        with self.connection.transaction():
            self.connection.execute(
                "SET LOCAL session_replication_role = replica; "
                + "; ".join(
                    f"DELETE FROM public.{table};"
                    f"INSERT INTO public.{table} ({columns}) SELECT {columns} FROM model.{name}_{table}"
                    for table, columns in self._columns.items()
                )
            )
            for table in COUNTED:
                last = self._last[name, table]
                self.connection.execute(f"SELECT setval('{table}_id_seq', {max(last, 1)}, {last > 0})")

    def started(self, *, elsewhere: bool) -> None:
        """The database has started, perhaps in another place."""
        self.connection.execute(
            "UPDATE model.clock SET started = at, restored = restored + %s", [1 if elsewhere else 0]
        )

    def pass_time(self, seconds: float) -> None:
        """Time passes for the database, or its clock is set."""
        self.connection.execute("UPDATE model.clock SET at = at + make_interval(secs => %s)", [seconds])

    def begin(self, moment: str) -> None:
        """A walk begins at this moment, on a database that started long before."""
        self.connection.execute(
            "UPDATE model.clock SET at = %(at)s, started = %(at)s::timestamptz - interval '1 hour', restored = 0",
            {"at": moment},
        )

    def state(self) -> dict[str, Any]:
        """Everything that is committed."""
        found: dict[str, Any] = self._value(STATE)
        return found

    def end_other_sessions(self) -> None:
        """Whatever a killed sender left running on the server."""
        self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'model sender'"
        )

    def close(self) -> None:
        self.connection.execute("DROP SCHEMA model CASCADE")
        self.connection.close()

    def _columns_of(self, table: str) -> str:
        found = self.connection.execute(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [table],
        ).fetchone()
        return str(found and found[0])

    def _value(self, statement: str) -> Any:
        found = self.connection.execute(statement).fetchone()
        return found and found[0]


class Turn:
    """Holds a slow operation at each answer of the database until the model lets it go on, or loses the answer."""

    def __init__(self) -> None:
        self._let: asyncio.Future[bool] | None = None

    @property
    def waits(self) -> bool:
        """Whether an answer is on its way."""
        return self._let is not None and not self._let.done()

    async def answer(self) -> bool:
        """Wait for the answer: False when it is lost."""
        self._let = asyncio.get_running_loop().create_future()
        return await self._let

    def go(self, arrives: bool) -> None:
        """The answer arrives, or is lost."""
        assert self._let is not None
        self._let.set_result(arrives)


TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)  # of the slow operation that runs in this context


class Line:
    """A sender's connection, as `Ledger` uses it. A line that is cut never answers again."""

    busy = 0  # statements under way, on all lines

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.connection = connection
        self.is_cut = False

    async def execute(self, statement: str, values: Any = None) -> psycopg.AsyncCursor[Any]:
        """Execute, and hold the answer back where the operation is slow."""
        self._check()
        if TURN.get() and statement.startswith("SELECT * FROM pg_temp.delivery_claim"):
            return await self._claim(statement, values)
        with _busy():
            cursor = await self.connection.execute(statement, values)
        await self._answer()
        return cursor

    async def _claim(self, statement: str, values: Any) -> psycopg.AsyncCursor[Any]:
        """A claim that the database takes its time over: it looks, and commits when the model says so."""
        with _busy():
            await self.connection.execute("BEGIN")
            cursor = await self.connection.execute(statement, values)
        await self._answer()
        with _busy():
            await self.connection.execute("COMMIT")
        await self._answer()
        return cursor

    def cut(self) -> None:
        """Nothing passes any more; what the server was told stands, an open transaction is rolled back."""
        if not self.is_cut:
            self.is_cut = True
            self.connection.pgconn.finish()

    def _check(self) -> None:
        if self.is_cut:
            raise psycopg.OperationalError("the connection is lost")

    async def _answer(self) -> None:
        turn = TURN.get()
        if turn is not None and not await turn.answer():
            self.cut()
        self._check()


@contextlib.contextmanager
def _busy() -> Any:
    Line.busy += 1
    try:
        yield
    finally:
        Line.busy -= 1


async def connect(taken_slots: set[int]) -> Line:
    """A line whose slot of the tally nobody else's has: else a slow claim would make others wait without end."""
    while True:
        connection = await psycopg.AsyncConnection.connect(
            database.conninfo(), autocommit=True, application_name="model sender"
        )
        if connection.info.backend_pid % 8 not in taken_slots:
            await connection.execute(SESSION)
            return Line(connection)
        await connection.close()


async def quiet() -> None:
    """Return once nothing moves: every operation is done, or waits for the model."""
    still = 0
    while still < 6:
        await asyncio.sleep(0.0002 if Line.busy else 0)
        still = 0 if Line.busy else still + 1

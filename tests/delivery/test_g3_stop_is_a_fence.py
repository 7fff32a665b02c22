"""G3 Stop is a fence: after the answer no transaction begins; the answer is exact."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

from tashika.accounts.models import User
from tashika.core import database
from tashika.core.actors import SYSTEM
from tashika.delivery import queries, stopping
from tashika.delivery.arming import looking
from tashika.delivery.ledger import GATE, Ledger
from tests.delivery.conftest import SenderProcess, check_ledger_against, planned, relay_to, wait_until
from tests.fakes.smtp_server import SmtpServer


@pytest.mark.parametrize("taken_before", [1, 50, 333])
def test_nothing_begins_after_the_answer_and_the_figures_add_up(
    taken_before: int, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.002) as server:
        dispatch = planned(1000, relay_to(server, now), now)
        sender(), sender()
        wait_until(lambda: len(server.taken) >= taken_before)
        answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        answered = time.time()
        time.sleep(0.7)
        assert [begun for _, begun in server.begun if begun > answered] == []
        figures = check_ledger_against(server, dispatch)
    assert answer.certain and answer.figures == figures.by_state()
    assert figures.sending == figures.queued == 0
    assert figures.accepted + figures.in_doubt + figures.stopped == figures.planned == 1000
    assert figures.accepted == len(server.taken)


def test_what_is_about_to_be_stopped_is_held_and_goes_on_where_no_stop_follows(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.005) as server:
        dispatch = planned(1000, relay_to(server, now), now)
        sender()
        wait_until(lambda: len(server.taken) >= 20)
        stopping.forewarn(dispatch.pk)
        time.sleep(0.3)
        held = len(server.begun)
        time.sleep(1)
        assert len(server.begun) == held < 1000
        wait_until(lambda: len(server.begun) > held)
        stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        check_ledger_against(server, dispatch)


def test_a_server_that_hangs_does_not_hold_up_the_answer_and_its_mail_is_in_doubt(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    def script(at: str, recipient: str) -> str | None:
        return "hang" if at == "reply" and recipient.startswith("p5@") else None

    with SmtpServer(script=script, delay=0.005) as server:
        dispatch = planned(500, relay_to(server, now), now)
        sender()
        wait_until(lambda: len(server.taken) >= 40)
        before = time.monotonic()
        stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        assert time.monotonic() - before < 3
        figures = check_ledger_against(server, dispatch)
    assert figures.in_doubt == 1


def test_a_reply_that_comes_after_the_answer_settles_the_doubt(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=2.5) as server:
        dispatch = planned(10, relay_to(server, now), now)
        sender()
        wait_until(lambda: len(server.taken) >= 1)
        answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        assert answer.figures["in_doubt"] >= 1
        wait_until(lambda: queries.figures(dispatch.pk).in_doubt == 0)
        assert check_ledger_against(server, dispatch).accepted == len(server.taken)


def test_a_frozen_sender_is_named_and_sends_nothing_when_it_wakes(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """SIGSTOP for longer than its permit: the answer waits for the permit, says who was silent, and holds (fault 19)."""
    with SmtpServer(delay=0.005) as server:
        dispatch = planned(1000, relay_to(server, now), now)
        frozen = sender(TASHIKA_PERMIT_SECONDS="2")
        wait_until(lambda: len(server.taken) >= 50)
        frozen.pause()
        answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        answered = time.time()
        assert not answer.certain and f"pid {frozen.process.pid}" in answer.silent[0]
        frozen.go_on()
        time.sleep(2)
        assert [begun for _, begun in server.begun if begun > answered] == []
        wait_until(lambda: queries.figures(dispatch.pk).sending == 0)
        check_ledger_against(server, dispatch)


def test_a_killed_sender_does_not_hold_up_a_stop(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer(delay=0.005) as server:
        dispatch = planned(1000, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= 50)
        one.kill()
        answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        assert answer.certain and answer.figures["sending"] == 0
        check_ledger_against(server, dispatch)


def test_publishing_and_stopping_at_the_same_instant_ends_stopped(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer() as server:
        sender()
        for round_ in range(5):
            dispatch = planned(200, relay_to(server, now), now, reason=f"test:{round_}")
            threads = [threading.Thread(target=_stop, args=(dispatch.pk, now)) for _ in range(2)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            answered = time.time()
            time.sleep(0.2)
            assert [begun for _, begun in server.begun if begun > answered] == []
            figures = queries.figures(dispatch.pk)
            assert figures.accepted + figures.stopped + figures.in_doubt == 200
            server.taken.clear()


def _stop(dispatch_id: int, now: datetime) -> None:
    stopping.stop_dispatch(dispatch_id=dispatch_id, by=SYSTEM, now=now)
    connections.close_all()


def test_emergency_stop_halts_everything_and_only_a_publisher_lets_it_go_on(
    sender: Callable[..., SenderProcess], person: Callable[[str], User], now: datetime
) -> None:
    from tashika.core.errors import NotAllowed

    viewer, publisher = person("viewer"), person("publisher")
    with SmtpServer(delay=0.002) as server:
        dispatch = planned(400, relay_to(server, now), now)
        sender()
        wait_until(lambda: len(server.taken) >= 30)
        stopping.emergency_stop(by=viewer, reason="念のため", now=now)
        answered = time.time()
        time.sleep(0.5)
        assert [begun for _, begun in server.begun if begun > answered] == []
        assert queries.figures(dispatch.pk).sending == 0
        with pytest.raises(NotAllowed):
            stopping.release_emergency_stop(by=viewer, now=now)
        stopping.release_emergency_stop(by=publisher, now=now)
        wait_until(lambda: len(server.taken) == 400)
        wait_until(lambda: queries.figures(dispatch.pk).accepted == 400)
        check_ledger_against(server, dispatch)


def test_a_sender_that_freezes_in_the_middle_of_a_claim_does_not_keep_the_gate(
    now: datetime, transactional_db: None, tmp_path: Path
) -> None:
    """Whenever a claim waits for its sender, a stop can pass: else SIGSTOP or a cut wire holds it up without end. Found by
    `bench chaos`, where the gate and the claim were two messages of one transaction."""
    standing = looking.look(data=tmp_path, now=now)
    with SmtpServer() as server:
        dispatch = planned(3, relay_to(server, now), now)
    passed: list[bool] = []

    class Freezing:
        """A connection whose owner freezes after each message to the database."""

        def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
            self._connection = connection

        async def execute(self, *words: Any) -> psycopg.AsyncCursor[Any]:
            cursor = await self._connection.execute(*words)
            await asyncio.sleep(0.2)
            passed.append(await sync_to_async(_gate_is_open)())
            return cursor

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

    async def claim() -> int:
        async with await psycopg.AsyncConnection.connect(database.conninfo(), autocommit=True) as ours:
            ledger = Ledger(cast(Any, Freezing(ours)), uuid4())
            await ledger.register(
                host="here", pid=1, permit=timedelta(seconds=15), home=standing.host, remembered=standing.counter
            )
            return len(await ledger.claim(dispatch=dispatch.pk, limit=2))

    assert asyncio.run(claim()) == 2
    assert all(passed)


def _gate_is_open() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [GATE])
        found = bool(cursor.fetchone()[0])
    connections.close_all()
    return found


def test_a_stop_in_the_instant_in_which_a_sender_registers_is_answered(
    now: datetime, transactional_db: None, tmp_path: Path
) -> None:
    """What a sender counts as answered is what the register says: a stop pressed a moment later is heard of."""
    standing = looking.look(data=tmp_path, now=now)
    with SmtpServer() as server:
        dispatch = planned(3, relay_to(server, now), now)
    before = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)

    async def register_while_somebody_stops() -> tuple[int, list[int]]:
        async with await psycopg.AsyncConnection.connect(database.conninfo(), autocommit=True) as ours:
            ledger = Ledger(ours, uuid4())
            seen = await ledger.register(
                host="here", pid=1, permit=timedelta(seconds=15), home=standing.host, remembered=standing.counter
            )
            await sync_to_async(_press)(dispatch.pk, now)
            return seen, [stop for stop, _, _ in await ledger.open_stops(seen)]

    seen, heard = asyncio.run(register_while_somebody_stops())
    assert seen == before.stop_id and len(heard) == 1


def _press(dispatch_id: int, now: datetime) -> None:
    stopping.press(dispatch_id=dispatch_id, by=SYSTEM, now=now, reason="")
    connections.close_all()

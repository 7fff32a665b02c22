"""Who speaks for a sender that is dead or silent, and when: faults that the protocol's model came upon."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import OperationalError, connection

from tashika.core import database
from tashika.core.actors import SYSTEM
from tashika.delivery import reconciling, states, stopping
from tashika.delivery.gate import GATE
from tashika.delivery.journal import Journal
from tashika.delivery.lanes import Lane
from tashika.delivery.ledger import Ended, Ledger
from tashika.delivery.models import Sender
from tests.delivery.conftest import planned, relay_to
from tests.delivery.model.smtp_world import Record, connected
from tests.fakes.smtp_server import SmtpServer

PERMIT = timedelta(seconds=15)


def registered(seen_at: datetime) -> Sender:
    return Sender.objects.create(
        id=uuid4(), host="another", pid=1, started_at=seen_at, seen_at=seen_at, permit_until=seen_at + PERMIT
    )


def test_a_dead_senders_claim_that_is_still_under_way_is_waited_for(
    transactional_db: None, tmp_path: Path, now: datetime
) -> None:
    """Else its rows would be committed as sending after everything of it was settled, and nobody would look again."""
    sender = registered(now)
    Journal(tmp_path, sender.pk).abandon()
    with psycopg.connect(database.conninfo()) as claiming, connection.cursor() as cursor:
        claiming.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
        cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError):
            reconciling.bury(journals=tmp_path, sender=sender.pk, now=now)
        cursor.execute("RESET lock_timeout")
        claiming.rollback()
    assert reconciling.bury(journals=tmp_path, sender=sender.pk, now=now)


@pytest.mark.django_db
def test_no_clock_that_is_set_strikes_a_living_sender_off(now: datetime) -> None:
    """However long ago its permit ran out by whatever clock: what counts is how long we have heard nothing new."""
    at = [0.0]
    watch = reconciling.Watch(clock=lambda: at[0])
    sender = registered(now - timedelta(days=1))
    assert watch.lapsed() == []
    at[0] = 74.0
    assert watch.lapsed() == []
    Sender.objects.update(seen_at=now, permit_until=now + PERMIT)
    at[0] = 80.0
    assert watch.lapsed() == []
    at[0] = 156.0
    assert watch.lapsed() == [sender.pk]


@pytest.mark.django_db
def test_a_stop_waits_for_a_silent_senders_permit_whatever_the_databases_clock_says(now: datetime) -> None:
    with SmtpServer() as server:
        dispatch = planned(1, relay_to(server, now), now)
    registered(now - timedelta(days=1))
    stop = stopping.press(dispatch_id=dispatch.pk, by=SYSTEM, now=now, reason="")
    assert stopping.answer_if_true(stop, waited=16.0) is None
    answer = stopping.answer_if_true(stop, waited=17.1)
    assert answer and not answer.certain and answer.silent == ["another (pid 1)"]


def test_no_connection_outlives_a_lane_whose_database_is_away(
    transactional_db: None, tmp_path: Path, now: datetime
) -> None:
    """It would go on reading replies, and write them into whatever file has its journal's number by then."""
    with SmtpServer() as server:
        relay = relay_to(server, now)

    class Owner:
        ledger: Ledger
        journal = Journal(tmp_path, uuid4())

        def may_begin(self, dispatch: int, epoch: int) -> bool:
            return True

    async def close() -> bool:
        owner = Owner()
        async with await psycopg.AsyncConnection.connect(database.conninfo(), autocommit=True) as away:
            owner.ledger = Ledger(away, uuid4())
        lane = Lane(relay=relay, sender=owner)
        wire = connected(lane, 0, Record())
        lane._connections.add(wire.client)
        lane._ended.append(Ended(1, 1, states.ACCEPTED, "250 ok", 0, 0))
        with pytest.raises(psycopg.Error):
            await lane.close()
        return wire.client.usable

    assert not asyncio.run(close())

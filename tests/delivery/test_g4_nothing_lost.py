"""G4 Nothing lost: every planned mail ends in exactly one final state, whatever is killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from tashika.core import database
from tashika.delivery import planning, queries, states
from tashika.delivery.models import Dispatch, LedgerRow, Relay
from tests.delivery.conftest import (
    ALL,
    SenderProcess,
    add_contacts,
    check_ledger_against,
    database_url,
    mail_version,
    planned,
    relay_to,
    wait_until,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

FINAL = {states.ACCEPTED, states.REFUSED, states.IN_DOUBT, states.EXCLUDED}
PEOPLE = 900


def check_nothing_is_lost(server: SmtpServer, dispatch: Dispatch, number: int) -> queries.Figures:
    """Every person planned has one row, in one final state, and the server has what the ledger says."""
    figures = check_ledger_against(server, dispatch)
    rows = LedgerRow.objects.filter(dispatch=dispatch)
    assert figures.planned == rows.count() == rows.values("contact_id").distinct().count() == number
    assert set(rows.values_list("state", flat=True)) <= FINAL
    assert figures.accepted + figures.in_doubt + figures.refused + figures.excluded == number
    return figures


def test_a_sender_is_killed_and_another_one_comes_to_the_same_end(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """kill -9 of one of two senders: the one that lives goes on, and the next one reads the dead one's journal."""
    with SmtpServer(delay=0.003) as server:
        dispatch = planned(PEOPLE, relay_to(server, now), now)
        first, _ = sender(), sender()
        wait_until(lambda: len(server.taken) >= 200)
        first.kill()
        sender()
        wait_until_finished(dispatch)
        figures = check_nothing_is_lost(server, dispatch, PEOPLE)
    assert figures.in_doubt <= 4, "no more doubts than the dead one had connections"


def test_the_connections_to_the_database_are_cut(sender: Callable[..., SenderProcess], now: datetime) -> None:
    """Every connection of the sender is terminated by the server, three times in the middle; the process lives on."""
    with SmtpServer(delay=0.003) as server:
        dispatch = planned(PEOPLE, relay_to(server, now), now)
        one = sender()
        for taken in (100, 300, 500):
            wait_until(lambda taken=taken: len(server.taken) >= taken)
            wait_until(lambda: _cut_connections_of_senders() > 0)
        wait_until_finished(dispatch)
        assert one.process.poll() is None, "it is the same process"
        check_nothing_is_lost(server, dispatch, PEOPLE)


def test_refusals_for_good_and_for_the_time_being_are_final_once_only(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """A tenth is refused, a tenth for the time being until the dispatch gives up, and the sender is killed between."""

    def script(phase: str, recipient: str) -> str | None:
        if phase != "rcpt":
            return None
        return {"3": "550 5.1.1 unknown", "7": "451 4.7.1 later"}.get(recipient.partition("@")[0][-1])

    with SmtpServer(script=script, delay=0.003) as server:
        dispatch = planned(300, relay_to(server, now), now)
        Dispatch.objects.update(give_up_at=now + timedelta(seconds=1))
        one = sender()
        wait_until(lambda: len(server.taken) >= 60)
        one.kill()
        sender()
        wait_until_finished(dispatch)
        figures = check_nothing_is_lost(server, dispatch, 300)
    assert figures.refused == 60
    assert {row.reply[:3] for row in queries.export_rows(dispatch.pk, "refused")} == {"550", "451"}


@pytest.mark.parametrize("blow", ["kill -9", "cut"])
def test_the_planning_is_killed_in_the_middle_and_done_again_from_the_start(
    blow: str, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """Before the planning is committed there is no row and nothing leaves; afterwards there are all of them."""
    add_contacts(PEOPLE, now)
    with SmtpServer() as server:
        dispatch = _opened(relay_to(server, now), now)
        sender()
        planner = _plan_slowly_elsewhere(dispatch)
        try:
            wait_until(lambda: _planners() != [])
            time.sleep(0.3)
            if blow == "cut":
                _terminate(_planners())
            else:
                planner.kill()
        finally:
            planner.kill()
            planner.wait(20)
        wait_until(lambda: _planners() == [])
        assert not LedgerRow.objects.exists() and server.taken == []
        assert Dispatch.objects.get().state == Dispatch.State.PLANNING
        assert planning.plan(dispatch=dispatch, audience=ALL, now=now) == PEOPLE
        wait_until_finished(dispatch)
        assert check_nothing_is_lost(server, dispatch, PEOPLE).accepted == PEOPLE


def test_a_sender_ended_in_the_middle_leaves_no_row_in_its_hands(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """SIGTERM: replies under way are awaited, the rest is given back; nothing is in doubt."""
    with SmtpServer(delay=0.003) as server:
        dispatch = planned(400, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= 50)
        one.end()
        assert one.process.returncode in (0, -signal.SIGTERM)
        figures = queries.figures(dispatch.pk)
        assert (figures.sending, figures.in_doubt, figures.accepted) == (0, 0, len(server.taken))
        sender()
        wait_until_finished(dispatch)
        assert check_nothing_is_lost(server, dispatch, 400).accepted == 400


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(FINAL - {states.IN_DOUBT}))
def test_the_database_itself_refuses_to_lose_or_reopen_a_row(state: str, now: datetime) -> None:
    with SmtpServer() as server:
        planned(1, relay_to(server, now), now)
    with connection.cursor() as cursor:
        if state != states.EXCLUDED:
            cursor.execute("UPDATE delivery_ledger SET state = 'sending'")
        cursor.execute("UPDATE delivery_ledger SET state = %s", [state])
        moves = [f"UPDATE delivery_ledger SET state = '{other}'" for other in states.STATES if other != state]
        for statement in [*moves, "DELETE FROM delivery_ledger"]:
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(statement)
    assert LedgerRow.objects.get().state == state


def _opened(relay: Relay, now: datetime) -> Dispatch:
    return planning.open_dispatch(
        reason="test:1",
        name="秋のご案内",
        mail_version=mail_version(now),
        relay=relay,
        give_up_at=now + timedelta(days=1),
        now=now,
    )


def _plan_slowly_elsewhere(dispatch: Dispatch) -> "subprocess.Popen[bytes]":
    """A process of its own that plans, two hundredths of a second for each person."""
    code = (
        "import django; django.setup()\n"
        "from tashika.core import clock\n"
        "from tashika.delivery import planning\n"
        "from tashika.delivery.models import Dispatch\n"
        "slow = ('SELECT id FROM people_contact WHERE pg_sleep(0.02) IS NOT NULL', [])\n"
        f"planning.plan(dispatch=Dispatch.objects.get(pk={dispatch.pk}), audience=slow, now=clock.now())\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
        "DATABASE_URL": database_url(),
        "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)


def _planners() -> list[int]:
    """The database's processes that write a ledger just now."""
    words = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.02)%' AND pid <> pg_backend_pid()"
    with psycopg.connect(database.conninfo()) as other:
        return [row[0] for row in other.execute(words + " AND state = 'active'")]


def _terminate(backends: list[int]) -> int:
    with psycopg.connect(database.conninfo()) as other:
        return sum(bool(other.execute("SELECT pg_terminate_backend(%s)", [one]).fetchone()) for one in backends)


def _cut_connections_of_senders() -> int:
    with psycopg.connect(database.conninfo()) as other:
        found = other.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'tashika sender'")
        return _terminate([row[0] for row in found])

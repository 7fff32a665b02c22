"""G13 Armed: a sender works only on the database, timeline and host it was armed for.

Real installations in folders of their own: copied, put back, promoted, killed. The SMTP server keeps the truth.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from tashika.core import clock
from tashika.core.models import AuditEntry
from tashika.delivery import queries
from tashika.delivery.arming import deciding
from tashika.delivery.arming.deciding import UnableToArm
from tashika.delivery.models import Dispatch, LedgerRow, SenderHost, Unmatched
from tests.delivery.arming_steps import (
    boss,
    codes,
    here,
    stay_quiet,
    wait_until,
    wait_until_compared,
    wait_until_finished,
)
from tests.delivery.conftest import (
    SenderProcess,
    check_ledger_against,
    planned,
    relay_to,
)
from tests.delivery.houses import House
from tests.fakes.smtp_server import SmtpServer


def copied_while_it_sent(
    house: House, sender: Callable[..., SenderProcess], server: SmtpServer, now: datetime
) -> tuple[Dispatch, House]:
    """A dispatch whose sender was killed on the way, and a copy of the installation as it was then."""
    dispatch = planned(300, relay_to(server, now), now)
    one = sender()
    wait_until(lambda: len(server.taken) >= 50)
    one.kill()
    return dispatch, house.copy_to(house.data.parent / "copied")


def test_a_fresh_installation_arms_itself_and_stays_armed_over_restarts_and_kills(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch = planned(400, relay_to(server, now), now)
        first = sender()
        wait_until(lambda: len(server.taken) >= 40)
        assert here().is_fine
        first.kill()
        second = sender()
        wait_until(lambda: len(server.taken) >= 120)
        second.end()
        house.restart_database()
        third = sender()
        wait_until(lambda: len(server.taken) >= 200)
        house.kill_database()  # the sender waits for it
        wait_until_finished(dispatch)
        third.end()
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted + figures.in_doubt == 400
    assert [entry.verb for entry in AuditEntry.objects.filter(verb__in=["arm", "disarm"])] == ["arm"]


def test_when_the_database_starts_anew_every_host_looks_before_one_sends(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    """Put back by less than a second, it may have forgotten what another host alone remembers: found by `bench chaos`."""
    with SmtpServer(delay=0.02) as server:
        dispatch = planned(400, relay_to(server, now), now)
        sender()
        wait_until(lambda: len(server.taken) >= 20)
        ours = SenderHost.objects.get()
        other = SenderHost.objects.create(
            id=uuid4(), name="other", born="first", armed_at=now, first_seen_at=now, seen_at=clock.now()
        )
        house.restart_database()
        restarted = clock.now()
        wait_until(lambda: SenderHost.objects.get(pk=ours.pk).seen_at > restarted)
        stay_quiet(server)
        SenderHost.objects.filter(pk=other.pk).update(seen_at=clock.now())
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).accepted >= 400 - 4
        assert here().is_fine


def test_a_copy_of_the_data_folder_comes_up_unarmed_and_the_original_goes_on(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch, copied = copied_while_it_sent(house, sender, server, now)
        with copied.at_home():
            clone = sender()
            found = wait_until_compared()
            stay_quiet(server)
            assert found.armed, "the database is the same; the host is not"
            assert found.waiting[0].why == [deciding.reasons.WORDS["copied"]]
            with pytest.raises(UnableToArm):
                deciding.arm(by=boss(), hosts=[found.waiting[0].id], reason="試す", now=clock.now())
            clone.end()
        house.start_database()
        sender()
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).accepted >= 300 - 4
        assert here().is_fine


def test_after_the_original_is_said_to_be_lost_a_copy_goes_on_and_nobody_gets_it_twice(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch, copied = copied_while_it_sent(house, sender, server, now)
        with copied.at_home():
            sender()
            found = wait_until_compared()
            original = next(host for host in found.hosts if host.armed)
            assert original.must_answer
            wait_until(lambda: not here().sending)  # its permit has run out
            deciding.arm(
                by=boss(), hosts=[found.waiting[0].id], lost=[original.id], reason="旧サーバーの故障", now=clock.now()
            )
            wait_until_finished(dispatch)
            figures = check_ledger_against(server, dispatch)
            entry = AuditEntry.objects.filter(verb="arm").latest("id")
    assert figures.accepted + figures.in_doubt == 300
    assert entry.detail["reason"] == "旧サーバーの故障" and 0 <= entry.detail["in_doubt"] <= figures.in_doubt
    assert figures.in_doubt > 0, "what the original had in hand"


@pytest.mark.parametrize("before", [60, 150])
def test_a_database_put_back_to_seconds_ago_sends_nothing_until_armed_and_then_nothing_twice(
    before: int, house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch = planned(400, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= before)
        one.kill()
        kept = house.back_up_database()
        one = sender()
        wait_until(lambda: len(server.taken) >= before + 100)
        one.kill()
        house.put_database_back(kept)
        sender()
        found = wait_until_compared()
        stay_quiet(server)
        assert not found.armed and codes() == {"went_back"}
        check_ledger_against(server, dispatch)  # what left is accepted or in doubt, though the database forgot it
        waiting = sum(one.number for one in deciding.leaving())
        assert 0 < waiting <= 400 - len(server.taken)
        deciding.arm(by=boss(), hosts=[], reason="バックアップから復元", now=clock.now())
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted + figures.in_doubt == 400
    assert figures.in_doubt <= 2 * 4, "no more doubts than connections at each kill"


def test_mails_whose_rows_are_gone_are_kept_apart_and_never_planned_again(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.005) as server:
        relay = relay_to(server, now)
        first = planned(30, relay, now, reason="publication:1")
        one = sender()
        wait_until_finished(first)
        kept = house.back_up_database()
        second = planned(30, relay, now, reason="publication:2")
        wait_until(lambda: len(server.taken) >= 40)
        one.kill()
        left = {mail.recipient for mail in server.taken[30:]}
        house.put_database_back(kept)
        sender()
        wait_until_compared()
        assert deciding.unmatched() >= len(left) >= 10
        again = planned(30, relay, now, reason="publication:2")
        highest = Unmatched.objects.latest("row_id").row_id
        assert again.pk > second.pk and LedgerRow.objects.filter(dispatch=again).earliest("pk").pk > highest
        deciding.arm(by=boss(), hosts=[], reason="復元した", now=clock.now())
        wait_until_finished(again)
        taken = [mail.recipient for mail in server.taken[30:]]
        assert len(taken) == len(set(taken)), "nobody gets the second mail twice"
        excluded = LedgerRow.objects.filter(dispatch=again, why="handed_over").count()
        assert queries.figures(again.pk).accepted + excluded == 30


def test_a_promoted_standby_is_another_timeline_and_unarmed(
    house: House, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch = planned(200, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= 40)
        house.run_as_server(
            house.program("pg_basebackup"), "-D", str(house.postgres.folder / "standby"), "-R", "-X", "stream",
            "-h", str(house.postgres.socket_folder), "-U", "tashika", "-c", "fast",
        )  # fmt: skip
        standby = house.postgres.folder / "standby"
        wait_until(lambda: len(server.taken) >= 90)  # what the standby will not have
        one.kill()
        house.postgres.stop()
        house.cluster.rename(house.postgres.folder / "former")
        standby.rename(house.cluster)
        house.start_database()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_promote()")
        sender()
        found = wait_until_compared()
        stay_quiet(server)
        assert "other_timeline" in codes() and not found.armed
        check_ledger_against(server, dispatch)
        deciding.arm(by=boss(), hosts=[], reason="フェイルオーバー", now=clock.now())
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).planned == 200


def test_a_host_that_did_not_answer_keeps_everything_locked_until_it_is_said_to_be_lost(
    house: House, sender: Callable[..., SenderProcess], now: datetime, tmp_path: Path
) -> None:
    with SmtpServer(delay=0.1) as server:
        dispatch = planned(1500, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= 20)
        other = sender(TASHIKA_DATA=str(tmp_path))
        wait_until(lambda: any(host.compared_at for host in here().waiting))
        assert here().armed and here().sending, "the first host goes on"
        second = here().waiting[0].id
        deciding.arm(by=boss(), hosts=[second], reason="2台目", now=clock.now())
        wait_until(lambda: SenderHost.objects.filter(counter__gt=2).count() == 2)
        kept = house.back_up_database()
        counts = dict(SenderHost.objects.values_list("pk", "counter"))
        wait_until(lambda: all(host.counter > counts[host.pk] for host in SenderHost.objects.all()))
        before = len(server.taken)
        wait_until(lambda: len(server.taken) >= before + 100)
        one.kill()
        other.kill()
        house.put_database_back(kept)
        sender()
        found = wait_until_compared()
        assert [host.id for host in found.missing] == [second]
        with pytest.raises(UnableToArm):
            deciding.arm(by=boss(), hosts=[], reason="復元した", now=clock.now())
        sender(TASHIKA_DATA=str(tmp_path))
        wait_until(lambda: not here().missing)
        stay_quiet(server)
        check_ledger_against(server, dispatch)
        deciding.arm(by=boss(), hosts=[], reason="復元した", now=clock.now())
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).planned == Dispatch.objects.get().planned == 1500

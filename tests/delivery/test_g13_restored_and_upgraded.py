"""G13 Armed: dumps restored in place, disks under another name, upgrades, and hosts that were away meanwhile.

Real installations in folders of their own. The SMTP server keeps the truth.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from tashika.core import clock
from tashika.delivery.arming import deciding, looking, reasons
from tashika.delivery.arming.deciding import UnableToArm
from tashika.delivery.models import Arming, LedgerRow, Sender, SenderHost
from tests.delivery.arming_steps import (
    boss,
    codes,
    here,
    stay_quiet,
    wait_until,
    wait_until_compared,
    wait_until_finished,
)
from tests.delivery.conftest import SenderProcess, check_ledger_against, planned, relay_to
from tests.delivery.houses import House
from tests.fakes.smtp_server import SmtpServer

Senders = Callable[..., SenderProcess]


def test_a_dump_restored_in_place_compares_the_journals_and_waits_for_a_person(
    house: House, sender: Senders, now: datetime
) -> None:
    with SmtpServer(delay=0.03) as server:
        dispatch = planned(300, relay_to(server, now), now)
        one = sender()
        wait_until(lambda: len(server.taken) >= 40)
        kept = house.dump()
        wait_until(lambda: len(server.taken) >= 120)
        one.kill()
        house.restore_dump(kept)
        sender()
        found = wait_until_compared()
        stay_quiet(server)
        assert not found.armed and "restored" in codes()
        check_ledger_against(server, dispatch)
        deciding.arm(by=boss(), hosts=[], reason="ダンプから復元", now=clock.now())
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted + figures.in_doubt == 300


def test_a_disk_with_another_identity_is_another_host_and_with_the_same_one_the_same(
    house: House, sender: Senders, now: datetime
) -> None:
    with SmtpServer(delay=0.02) as server:
        planned(400, relay_to(server, now), now)
        one = sender(TASHIKA_HOST_IDENTITY="tokyo-1")
        wait_until(lambda: len(server.taken) >= 40)
        one.kill()
        house.postgres.stop()
        moved = house.move_to(house.data.with_name("moved"))
        with moved.at_home():
            one = sender(TASHIKA_HOST_IDENTITY="tokyo-1")
            wait_until(lambda: len(server.taken) >= 80)
            assert here().is_fine
            one.kill()
            sender(TASHIKA_HOST_IDENTITY="osaka-1")
            found = wait_until_compared()
            stay_quiet(server)
            assert [host.why for host in found.waiting] == [[reasons.WORDS["other_machine"]]]
            with pytest.raises(UnableToArm):
                deciding.arm(by=boss(), hosts=[found.waiting[0].id], reason="試す", now=clock.now())


@pytest.mark.parametrize("confirmed", [True, False])
def test_an_upgrade_from_before_arming_asks_a_person_unless_nothing_can_have_left(
    confirmed: bool, house: House, sender: Senders, now: datetime
) -> None:
    call_command("migrate", "delivery", "0005", verbosity=0)
    with connection.cursor() as cursor:  # a sender has worked, as the version of then wrote it
        cursor.execute(
            "INSERT INTO delivery_sender (id, host, pid, started_at, seen_at, permit_until, seen_stop, ended_at)"
            " VALUES (%s, 'mail1', 1, %s, %s, %s, 0, %s)",
            [uuid4(), *[now - timedelta(hours=1)] * 4],
        )
    call_command("migrate", verbosity=0)
    assert not Arming.objects.exists() and Sender.objects.count() == 1
    with SmtpServer() as server:
        dispatch = planned(50, relay_to(server, now, confirmed_at=now if confirmed else None), now)
        sender()
        if not confirmed:
            wait_until(lambda: here().sending)
            assert here().is_fine and codes() == set()
            return
        assert not wait_until_compared().armed and codes() == {"never_armed"}
        stay_quiet(server)
        assert server.taken == []
        deciding.arm(by=boss(), hosts=[here().waiting[0].id], reason="更新した", now=clock.now())
        wait_until_finished(dispatch)
        assert check_ledger_against(server, dispatch).accepted == 50 and here().is_fine


def test_a_host_that_was_away_from_the_backup_to_the_restore_waits_for_the_one_that_was_not(
    house: House, sender: Senders, now: datetime, tmp_path: Path
) -> None:
    with SmtpServer(delay=0.1) as server:
        dispatch = planned(1500, relay_to(server, now), now)
        away = sender()
        wait_until(lambda: len(server.taken) >= 20)
        first = SenderHost.objects.get().pk
        worker = sender(TASHIKA_DATA=str(tmp_path))
        wait_until(lambda: any(host.compared_at for host in here().waiting))
        second = here().waiting[0].id
        deciding.arm(by=boss(), hosts=[second], reason="2台目", now=clock.now())
        away.end()
        later = clock.now() + timedelta(seconds=4)
        wait_until(lambda: Sender.objects.filter(home_id=second, seen_at__gt=later).exists())
        kept = house.back_up_database()
        before = len(server.taken)
        wait_until(lambda: len(server.taken) >= before + 60)
        worker.kill()
        house.put_database_back(kept)

        sender()
        wait_until(lambda: SenderHost.objects.get(pk=first).seen_at > clock.now() - timedelta(seconds=2))
        stay_quiet(server, seconds=12)  # longer than a host that was at work at the same time is waited for
        found = here()
        assert [(one.id, one.why) for one in found.waiting] == [(first, [reasons.WORDS["not_first"]])]
        assert [one.id for one in found.missing] == [second]
        with pytest.raises(UnableToArm):
            deciding.arm(by=boss(), hosts=[], reason="復元した", now=clock.now())

        sender(TASHIKA_DATA=str(tmp_path))
        wait_until(lambda: codes() == {"went_back"} and not here().missing)
        stay_quiet(server)
        check_ledger_against(server, dispatch)
        deciding.arm(by=boss(), hosts=[], reason="復元した", now=clock.now())
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert figures.accepted + figures.in_doubt == LedgerRow.objects.count() == 1500


@pytest.mark.django_db
def test_what_was_compared_before_counts_for_no_later_lock_whatever_a_clock_said(tmp_path: Path, now: datetime) -> None:
    ours, other = [looking.look(data=tmp_path / name, now=now).host for name in ("ours", "other")]
    SenderHost.objects.update(armed_at=now)
    SenderHost.objects.update(compared_at=now + timedelta(hours=1))
    Arming.objects.update(place="1/1/1/1")
    assert {one.id for one in here().missing} == {ours, other}, "nobody has looked yet"
    looking.look(data=tmp_path / "ours", now=now)
    assert [one.id for one in here().missing] == [other]
    looking.look(data=tmp_path / "other", now=now - timedelta(hours=1))
    assert here().missing == [] and {one.id for one in here().hosts if one.compared_at} == {ours, other}

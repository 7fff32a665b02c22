"""G2: a person may settle what is in doubt, with the reason on record; it is never sent again, whatever they say."""

import json
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.core.errors import NotAllowed
from tashika.core.models import AuditEntry
from tashika.delivery import queries, settling
from tashika.delivery.models import Dispatch, LedgerRow, Queued
from tests.delivery.bounces.conftest import dispatched
from tests.delivery.bounces.test_pipe import tashika

REASON = "受信側の管理者に確認した"


@pytest.fixture
def doubts(db: None, now: datetime) -> list[LedgerRow]:
    """Three rows in doubt."""
    return dispatched(3, now, state="in_doubt")


def states(rows: list[LedgerRow]) -> list[str]:
    return list(
        LedgerRow.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk").values_list("state", flat=True)
    )


def test_one_and_then_all_with_the_reason_on_record(doubts: list[LedgerRow], publisher: User, now: datetime) -> None:
    dispatch = doubts[0].dispatch_id
    one = {"dispatch_id": dispatch, "reason": f" {REASON}\n", "by": publisher, "now": now}
    assert settling.by_hand(rows=[doubts[1].pk], arrived=False, **one) == 1
    assert states(doubts) == ["in_doubt", "refused", "in_doubt"]
    assert settling.by_hand(arrived=True, **one) == 2
    assert states(doubts) == ["accepted", "refused", "accepted"]
    doubts[1].refresh_from_db()
    assert doubts[1].reply == f"[user:{publisher.pk} {REASON}]"
    assert queries.figures(dispatch).by_state() | {"planned": 3, "accepted": 2, "refused": 1, "in_doubt": 0} == (
        queries.figures(dispatch).by_state()
    )
    first, second = AuditEntry.objects.filter(verb="settle_doubts").order_by("pk")
    assert (first.subject, first.actor_id, first.detail["reason"]) == (f"dispatch:{dispatch}", publisher.pk, REASON)
    assert (first.detail["arrived"], first.detail["not_arrived"], first.detail["rows"]) == (0, 1, [doubts[1].pk])
    assert (second.detail["arrived"], second.detail["not_arrived"]) == (2, 0)
    assert sorted(Event.objects.values_list("kind", flat=True)) == ["mail_accepted", "mail_accepted", "mail_refused"]


def test_it_is_never_sent_again_and_there_is_no_way_back(
    doubts: list[LedgerRow], publisher: User, now: datetime
) -> None:
    dispatch = doubts[0].dispatch_id
    Queued.objects.all().delete()  # as their claims did
    settling.by_hand(dispatch_id=dispatch, arrived=False, reason=REASON, by=publisher, now=now)
    assert not Queued.objects.exists()
    with pytest.raises(settling.UnableToSettle):
        settling.by_hand(dispatch_id=dispatch, arrived=True, reason=REASON, by=publisher, now=now)
    assert settling.by_evidence([settling.Verdict(int(doubts[0].pk), "accepted", "opened")], now=now) == 0
    assert states(doubts) == ["refused"] * 3


def test_only_who_may_release_and_only_with_a_reason(
    doubts: list[LedgerRow], editor: User, publisher: User, now: datetime
) -> None:
    dispatch = doubts[0].dispatch_id
    with pytest.raises(NotAllowed):
        settling.by_hand(dispatch_id=dispatch, arrived=True, reason=REASON, by=editor, now=now)
    for reason in ("", " \n", "x" * 301):
        with pytest.raises(settling.UnableToSettle):
            settling.by_hand(dispatch_id=dispatch, arrived=True, reason=reason, by=publisher, now=now)
    assert states(doubts) == ["in_doubt"] * 3 and not AuditEntry.objects.filter(verb="settle_doubts").exists()


def test_of_another_dispatch_or_later_than_the_list_that_was_seen_nobody_is_settled(
    doubts: list[LedgerRow], publisher: User, now: datetime
) -> None:
    other = dispatched(3, now, reason="test:2", state="in_doubt")
    word = {"arrived": True, "reason": REASON, "by": publisher, "now": now}
    with pytest.raises(settling.UnableToSettle):
        settling.by_hand(dispatch_id=doubts[0].dispatch_id, rows=[row.pk for row in other], **word)
    LedgerRow.objects.filter(pk=doubts[2].pk).update(ended_at=now + timedelta(seconds=1))
    assert settling.by_hand(dispatch_id=doubts[0].dispatch_id, seen_at=now, **word) == 2
    assert states([*doubts, *other]) == ["accepted", "accepted", "in_doubt", "in_doubt", "in_doubt", "in_doubt"]


@pytest.mark.django_db(transaction=True)
def test_at_the_command_line(person: Callable[[str], User], now: datetime) -> None:
    person("administrator")
    rows = dispatched(3, now, state="in_doubt")
    dispatch = str(rows[0].dispatch_id)
    listed = [json.loads(line) for line in tashika("settle", dispatch, "--json").stdout.splitlines()]
    assert [row["id"] for row in listed] == [row.pk for row in rows]
    word = ("--as", "not-arrived", "--reason", REASON)

    def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        return tashika("settle", dispatch, *words, "--json")

    assert run(*word).returncode == 2, "nobody to ask"
    assert run("--as", "arrived", "--yes").returncode == 2, "no reason"
    assert states(rows) == ["in_doubt"] * 3
    done = run(*word, "--row", str(rows[1].pk), "--yes")
    assert json.loads(done.stdout) == {"settled": 1, "in_doubt": 2}, done.stderr
    assert states(rows) == ["in_doubt", "refused", "in_doubt"]
    assert json.loads(run("--look").stdout) == {"settled": 0, "in_doubt": 2}
    assert Dispatch.objects.get().pk == int(dispatch)

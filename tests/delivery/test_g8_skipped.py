"""G8: what was stopped ends unsent where a person chose so; the dispatch then goes on for others."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.delivery import planning, queries, releasing, stopping
from tashika.delivery.models import Claim, Dispatch, LedgerRow, Sender
from tests.delivery.conftest import (
    ALL,
    SenderProcess,
    add_contacts,
    check_ledger_against,
    planned,
    relay_to,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer

FIRST_TEN: planning.Audience = ("SELECT id FROM people_contact ORDER BY id LIMIT 10", [])
pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_skipped_never_leaves_and_the_dispatch_goes_on_for_who_comes_later(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer() as server:
        add_contacts(12, now)
        dispatch = planned(0, relay_to(server, now), now, audience=FIRST_TEN)
        stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
        assert releasing.skip(dispatch_id=dispatch.pk, by=SYSTEM, now=now) == 10
        assert releasing.skip(dispatch_id=dispatch.pk, by=SYSTEM, now=now) == 0
        assert releasing.release(dispatch_id=dispatch.pk, by=SYSTEM, now=now) == 0
        planning.add(dispatch=dispatch, audience=ALL, now=now)
        sender()
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert {row.why for row in queries.recipients(dispatch.pk, "excluded")} == {"skipped"}
    assert (figures.planned, figures.excluded, figures.accepted) == (12, 10, 2)
    assert AuditEntry.objects.filter(verb="skip").first().detail == {"not_sent": 10}


def test_only_what_is_stopped_can_be_skipped(now: datetime) -> None:
    with SmtpServer() as server:
        dispatch = planned(2, relay_to(server, now), now)
    with pytest.raises(releasing.UnableToRelease):
        releasing.skip(dispatch_id=dispatch.pk, by=SYSTEM, now=now)
    assert not LedgerRow.objects.filter(state="excluded").exists()


def test_while_something_may_come_back_to_the_queue_nothing_is_skipped(now: datetime) -> None:
    """A row in the hand of a silent sender would be queued again afterwards, and leave at the release."""
    with SmtpServer() as server:
        dispatch = planned(2, relay_to(server, now), now)
    row = LedgerRow.objects.first()
    sender = Sender.objects.create(
        id="6f1f0f0e-0000-4000-8000-000000000001",
        host="gone",
        pid=1,
        started_at=now,
        seen_at=now,
        permit_until=now,
    )
    Claim.objects.create(sender=sender, dispatch=dispatch, epoch=1, at=now, rows=[row.pk])
    Dispatch.objects.filter(pk=dispatch.pk).update(state=Dispatch.State.STOPPED)
    with pytest.raises(releasing.UnableToRelease, match="手元"):
        releasing.skip(dispatch_id=dispatch.pk, by=SYSTEM, now=now)

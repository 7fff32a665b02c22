"""What is due starts, once, whatever is killed in between; what is late waits for a person."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.audiences import matching
from tashika.contents import drafting
from tashika.core.errors import NotAllowed
from tashika.core.models import AuditEntry
from tashika.delivery import planning
from tashika.delivery import queries as delivery
from tashika.delivery.models import Dispatch, LedgerRow
from tashika.scenarios import starting, unpublishing
from tashika.scenarios.models import Publication
from tests.scenarios.conftest import accept, broadcast_to

Publish = Callable[..., Publication]


@pytest.mark.django_db
def test_before_its_time_nothing_starts(publish: Publish, now: datetime) -> None:
    later = now + timedelta(hours=2)
    publication = publish(broadcast_to(3, now, send_at=later.isoformat()))
    assert starting.start_due(now=later - timedelta(seconds=1)) == 0
    assert starting.start_due(now=later) == 1
    publication.refresh_from_db()
    assert publication.state == "running"
    assert delivery.figures(publication.dispatch_id or 0).queued == 3


@pytest.mark.django_db
def test_what_was_missed_by_more_than_an_hour_waits_for_a_person(
    publish: Publish, publisher: User, editor: User, now: datetime
) -> None:
    later = now + timedelta(hours=2)
    publication = publish(broadcast_to(3, now, send_at=later.isoformat()))
    back = later + timedelta(minutes=61)
    assert starting.start_due(now=back) == 0
    assert starting.is_late(publication, back)
    assert not Dispatch.objects.exists()
    with pytest.raises(NotAllowed):
        starting.start_late(publication=publication, by=editor, now=back)
    starting.start_late(publication=publication, by=publisher, now=back)
    assert starting.start_due(now=back) == 1
    assert AuditEntry.objects.get(verb="start_late").actor_id == publisher.pk


@pytest.mark.django_db
def test_what_was_missed_can_be_unpublished_instead(publish: Publish, publisher: User, now: datetime) -> None:
    scenario = broadcast_to(3, now, send_at=(now + timedelta(hours=2)).isoformat())
    publish(scenario)
    assert unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now) is None
    assert starting.start_due(now=now + timedelta(hours=2)) == 0
    assert not Dispatch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_start_at_once_start_once(publish: Publish, now: datetime) -> None:
    publish(broadcast_to(50, now))
    ready = threading.Barrier(5)

    def work() -> None:
        ready.wait()
        starting.start_due(now=now)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Dispatch.objects.count() == 1
    assert LedgerRow.objects.count() == 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["open_dispatch", "plan"])
def test_killed_between_the_steps_the_next_call_goes_on(
    step: str, publish: Publish, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = publish(broadcast_to(7, now))

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(planning, step, killed)
        with pytest.raises(KeyboardInterrupt):
            starting.start_due(now=now)
    starting.start_due(now=now)
    starting.start_due(now=now)
    publication.refresh_from_db()
    assert publication.state == "running"
    assert Dispatch.objects.count() == 1
    assert delivery.figures(publication.dispatch_id or 0).queued == 7


@pytest.mark.django_db
def test_one_that_cannot_be_planned_is_unpublished_and_keeps_nobody_waiting(
    publish: Publish, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = publish(broadcast_to(2, now))
    usual = matching.audience_sql

    def audience(body: dict[str, object], content_id: int | None = None) -> tuple[str, list[object]]:
        if content_id == broken.segment_version.content_id:
            raise matching.UnableToMatch("この項目はありません。", where="rule.0")
        return usual(body, content_id)

    scenario = broken.scenario
    draft = {**scenario.draft}
    segment = drafting.create(kind="segment", name="別", draft=broken.segment_version.body, by=None, now=now)
    other = publish(
        drafting.create(kind="scenario", name="別", draft={**draft, "segment": segment.public_id}, by=None, now=now)
    )
    monkeypatch.setattr(matching, "audience_sql", audience)
    starting.start_due(now=now)
    broken.refresh_from_db()
    other.refresh_from_db()
    assert (broken.state, other.state) == ("unpublished", "running")
    assert "この項目はありません" in AuditEntry.objects.get(verb="unpublish").detail["reason"]


@pytest.mark.django_db
def test_a_publication_is_finished_when_its_dispatch_is(publish: Publish, now: datetime) -> None:
    publication = publish(broadcast_to(2, now))
    starting.start_due(now=now)
    accept(publication, 2, now)
    Dispatch.objects.update(state=Dispatch.State.FINISHED, finished_at=now)
    starting.start_due(now=now)
    publication.refresh_from_db()
    assert publication.state == "finished"


@pytest.mark.django_db
def test_a_large_audience_is_planned_by_the_worker_and_not_while_its_publisher_waits(
    publish: Publish, now: datetime
) -> None:
    publication = publish(broadcast_to(2, now))
    starting.start_at_once(people=starting.AT_ONCE + 1, now=now)
    publication.refresh_from_db()
    assert (publication.state, publication.dispatch_id) == ("waiting", None)
    starting.start_at_once(people=2, now=now)
    publication.refresh_from_db()
    assert publication.state == "running" and delivery.figures(publication.dispatch_id or 0).queued == 2

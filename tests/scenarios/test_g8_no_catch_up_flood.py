"""G8: publishing again never sends what fell due meanwhile unless the person chose so after seeing the count."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.contents import drafting
from tashika.contents.models import Content
from tashika.contents.queries import by_public_id
from tashika.delivery import queries as delivery
from tashika.delivery.models import Dispatch
from tashika.scenarios import starting, unpublishing
from tashika.scenarios.models import Publication
from tashika.scenarios.publishing import UnableToPublish
from tests.scenarios.conftest import accept, broadcast_to

Publish = Callable[..., Publication]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stopped(publish: Publish, publisher: User, now: datetime) -> tuple[Content, Publication]:
    """A broadcast to ten, unpublished after four."""
    scenario = broadcast_to(10, now)
    publication = publish(scenario)
    assert starting.start_due(now=now) == 1
    accept(publication, 4, now)
    answer = unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now, reason="宛先を間違えた")
    assert answer is not None
    assert (answer.figures["accepted"], answer.figures["stopped"], answer.figures["planned"]) == (4, 6, 10)
    publication.refresh_from_db()
    return scenario, publication


def test_without_a_choice_nothing_is_published(stopped: tuple[Content, Publication], publish: Publish) -> None:
    scenario, publication = stopped
    with pytest.raises(UnableToPublish) as caught:
        publish(scenario)
    assert "6" in caught.value.what.in_language("ja")  # type: ignore[union-attr]
    assert scenario.publications.count() == 1
    assert delivery.figures(publication.dispatch_id or 0).stopped == 6


def test_time_alone_releases_nothing(stopped: tuple[Content, Publication], now: datetime) -> None:
    _, publication = stopped
    for _ in range(3):
        assert starting.start_due(now=now) == 0
    figures = delivery.figures(publication.dispatch_id or 0)
    assert (figures.stopped, figures.queued) == (6, 0)


def test_send_goes_on_with_the_same_dispatch_and_nobody_twice(
    stopped: tuple[Content, Publication], publish: Publish, now: datetime
) -> None:
    scenario, publication = stopped
    got = {row.address for row in delivery.export_rows(publication.dispatch_id or 0, "got")}
    again = publish(scenario, choice="send")
    assert (again.state, again.resumes_id, again.dispatch_id) == ("running", publication.pk, publication.dispatch_id)
    assert again.bill == publication.bill
    figures = delivery.figures(again.dispatch_id or 0)
    assert (figures.accepted, figures.queued, figures.stopped, figures.planned) == (4, 6, 0, 10)
    waiting = {row.address for row in delivery.export_rows(again.dispatch_id or 0, "waiting")}
    assert not waiting & got
    assert Dispatch.objects.count() == 1


def test_skip_ends_it_and_the_rest_stay_spared(stopped: tuple[Content, Publication], publish: Publish) -> None:
    scenario, publication = stopped
    again = publish(scenario, choice="skip")
    assert again.state == "finished"
    assert publish(scenario, choice="skip").pk == again.pk, "a double click does nothing more"
    figures = delivery.figures(publication.dispatch_id or 0)
    assert (figures.stopped, figures.queued) == (6, 0)
    with pytest.raises(UnableToPublish):
        publish(scenario, choice="send")


def test_a_mail_changed_meanwhile_is_not_what_goes_on(
    stopped: tuple[Content, Publication], publish: Publish, now: datetime
) -> None:
    scenario, publication = stopped
    mail = by_public_id(scenario.draft["mail"])
    drafting.save(content=mail, draft={**mail.draft, "subject": "別の件名"}, by=None, now=now)
    again = publish(scenario, choice="send")
    assert again.mail_version_id == publication.mail_version_id
    assert Dispatch.objects.get(pk=again.dispatch_id).mail_version_id == publication.mail_version_id


def test_stopped_and_released_and_stopped_again(
    stopped: tuple[Content, Publication], publish: Publish, publisher: User, now: datetime
) -> None:
    scenario, _ = stopped
    accept(publish(scenario, choice="send"), 2, now)
    answer = unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
    assert answer is not None
    assert (answer.figures["accepted"], answer.figures["stopped"]) == (6, 4)
    publish(scenario, choice="send")
    assert delivery.figures(Dispatch.objects.get().pk).queued == 4


def test_stopped_before_it_was_planned_it_goes_on_only_by_choice(
    publish: Publish, publisher: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = broadcast_to(5, now)
    publish(scenario)
    with monkeypatch.context() as patched:
        patched.setattr(starting, "_plan", lambda publication, now: None)  # killed between opening and planning
        starting.start_due(now=now)
    unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
    starting.start_due(now=now)
    assert delivery.figures(Dispatch.objects.get().pk).planned == 0
    with pytest.raises(UnableToPublish):
        publish(scenario)
    publish(scenario, choice="send")
    starting.start_due(now=now)
    assert delivery.figures(Dispatch.objects.get().pk).queued == 5

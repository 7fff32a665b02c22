"""Publishing pins what was looked at, once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tashika.accounts.models import User
from tashika.audiences import static_lists
from tashika.contents import drafting
from tashika.contents.models import Content, Freeze, Kind, Use
from tashika.contents.queries import by_public_id
from tashika.core.errors import Conflict, Frozen, NotAllowed
from tashika.core.models import AuditEntry
from tashika.scenarios import publishing
from tashika.scenarios.broadcasts import UnableToReadBroadcast
from tashika.scenarios.models import Publication
from tashika.scenarios.publishing import UnableToPublish
from tests.scenarios.conftest import broadcast_to, cleared

Publish = Callable[..., Publication]


@pytest.mark.django_db
def test_a_publication_is_the_bill_of_what_runs(publish: Publish, publisher: User, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    publication = publish(scenario)
    ids = [scenario.public_id, scenario.draft["segment"], scenario.draft["mail"]]
    assert [part["id"] for part in publication.bill] == ids
    assert (publication.state, publication.published_by_id) == ("waiting", publisher.pk)
    used = set(Use.objects.filter(user_version=publication.scenario_version).values_list("used_version_id", flat=True))
    assert used == {publication.segment_version_id, publication.mail_version_id}
    entry = AuditEntry.objects.get(verb="publish")
    assert (entry.subject, entry.actor_id, entry.detail["people"]) == (scenario.public_id, publisher.pk, 3)


@pytest.mark.django_db
def test_a_double_click_is_one_publication(publish: Publish, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    assert publish(scenario).pk == publish(scenario).pk
    assert AuditEntry.objects.filter(verb="publish").count() == 1


@pytest.mark.django_db
def test_an_editor_may_not_publish(editor: User, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    with pytest.raises(NotAllowed):
        publishing.publish(scenario=scenario, clearance=cleared(scenario, now), by=editor, now=now)


def _rename(content: Content, now: datetime) -> None:
    drafting.save(content=content, draft=content.draft, name="別の名前", by=None, now=now)


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["scenario", "segment", "mail"])
@pytest.mark.parametrize("how", ["draft", "name"])
def test_any_edit_voids_the_clearance(part: str, how: str, publisher: User, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    clearance = cleared(scenario, now)
    content = scenario if part == "scenario" else by_public_id(scenario.draft[part])
    changes: dict[str, dict[str, Any]] = {
        "scenario": {"send_at": (now + timedelta(days=1)).isoformat()},
        "segment": {"rule": {"op": "or", "rules": [{"field": "email", "test": "is_not_empty"}]}},
        "mail": {"subject": "別の件名"},
    }
    if how == "name":
        _rename(content, now)
    else:
        drafting.save(content=content, draft={**content.draft, **changes[part]}, by=None, now=now)
    with pytest.raises(Conflict):  # even though the caller still holds the old scenario in its hand
        publishing.publish(scenario=scenario, clearance=clearance, by=publisher, now=now)
    assert not Publication.objects.exists()


@pytest.mark.django_db
def test_a_new_member_of_a_static_list_voids_the_clearance(publisher: User, editor: User, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    segment = drafting.create(kind=Kind.SEGMENT, name="名簿", draft={"static": True}, by=None, now=now)
    static_lists.add(content=segment, text="p0@recipient.example.jp", by=editor, now=now)
    drafting.save(content=scenario, draft={**scenario.draft, "segment": segment.public_id}, by=None, now=now)
    clearance = cleared(scenario, now)
    assert clearance.people == 1
    static_lists.add(content=segment, text="p1@recipient.example.jp", by=editor, now=now)
    with pytest.raises(Conflict):
        publishing.publish(scenario=scenario, clearance=clearance, by=publisher, now=now)


@pytest.mark.django_db
def test_with_other_contents_it_is_not_published_over_what_runs(
    publish: Publish, publisher: User, now: datetime
) -> None:
    scenario = broadcast_to(3, now)
    first = publish(scenario)
    _rename(by_public_id(scenario.draft["mail"]), now)
    with pytest.raises(UnableToPublish):
        publish(scenario)
    assert [one.pk for one in Publication.objects.all()] == [first.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["scenario", "segment", "mail"])
def test_what_is_frozen_is_not_published(part: str, publish: Publish, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    content = scenario if part == "scenario" else by_public_id(scenario.draft[part])
    Freeze.objects.create(content=content, by_incident="I-3", since=now)
    with pytest.raises(Frozen):
        publish(scenario)


@pytest.mark.django_db
def test_a_mail_with_an_error_is_not_published(publish: Publish, now: datetime) -> None:
    scenario = broadcast_to(3, now)
    mail = by_public_id(scenario.draft["mail"])
    drafting.save(content=mail, draft={**mail.draft, "subject": "{{ contact.nothing }}"}, by=None, now=now)
    with pytest.raises(UnableToPublish) as caught:
        publish(scenario)
    assert caught.value.where == mail.public_id


@pytest.mark.django_db
@pytest.mark.parametrize("send_at", ["tomorrow", "2026-12-01T10:00:00", 5, {"x": 1}])
def test_a_time_that_is_none_is_refused_with_its_place(send_at: object, now: datetime) -> None:
    scenario = broadcast_to(1, now, send_at=send_at)
    with pytest.raises(UnableToReadBroadcast) as caught:
        cleared(scenario, now)
    assert caught.value.where == "send_at"


@pytest.mark.django_db
@pytest.mark.parametrize("relay", [99, "x", [1]])
def test_a_relay_that_cannot_be_used_is_refused(relay: object, now: datetime) -> None:
    scenario = broadcast_to(1, now, relay=relay)
    with pytest.raises(UnableToReadBroadcast) as caught:
        cleared(scenario, now)
    assert caught.value.where == "relay"


@pytest.mark.django_db(transaction=True)
def test_operators_who_publish_at_once_publish_once(person: Callable[[str], User], now: datetime) -> None:
    scenario = broadcast_to(3, now)
    clearance = cleared(scenario, now)
    people = [person("publisher") for _ in range(6)]
    ready = threading.Barrier(len(people))
    found: list[int] = []

    def press(by: User) -> None:
        ready.wait()
        mine = Content.objects.get(pk=scenario.pk)
        found.append(publishing.publish(scenario=mine, clearance=clearance, by=by, now=now).pk)
        connection.close()

    threads = [threading.Thread(target=press, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == len(people)
    assert len(set(found)) == 1
    assert Publication.objects.count() == 1
    assert AuditEntry.objects.filter(verb="publish").count() == 1

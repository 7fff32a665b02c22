"""Very many are tagged in the background: chunk by chunk, killed and gone on with, each once, the whole on record."""

from datetime import datetime

import pytest

from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.people import bulk_tagging, contacts, queries, searching, tagging, tags
from tashika.people.models import BulkTagging, Contact, ContactHistory, Tag
from tashika.people.searching import Narrowing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that ten people are many."""
    monkeypatch.setattr(bulk_tagging, "CHUNK", 3)
    monkeypatch.setattr(bulk_tagging, "AT_ONCE", 5)


@pytest.fixture
def ten(now: datetime) -> list[Contact]:
    return [
        contacts.add(
            values={"email": f"p{n}@example.jp", "company_name": "みらい" if n < 7 else "あした"}, by=SYSTEM, now=now
        )
        for n in range(10)
    ]


@pytest.fixture
def tag(now: datetime) -> Tag:
    return tags.create(name="展示会", by=SYSTEM, now=now)


def begin(tag: Tag, found: Narrowing, now: datetime, *, puts_on: bool = True) -> BulkTagging:
    return bulk_tagging.begin(tag=tag, puts_on=puts_on, narrowing=found, by=SYSTEM, now=now)


def test_many_is_more_than_a_person_waits_for(ten: list[Contact]) -> None:
    assert bulk_tagging.is_large(Narrowing())
    assert not bulk_tagging.is_large(Narrowing(words="p3@"))


@pytest.mark.parametrize("killed_after", [0, 1, 3])
def test_killed_it_goes_on_where_it_was(killed_after: int, ten: list[Contact], tag: Tag, now: datetime) -> None:
    tagging.put_on(tag=tag, contact_ids=[ten[0].pk], by=SYSTEM, now=now)
    bulk = begin(tag, Narrowing(words="みらい"), now)
    for _ in range(killed_after):
        bulk_tagging._one_chunk(bulk.pk)
    assert queries.running_bulk_taggings().get() == bulk
    late = contacts.add(values={"email": "late@example.jp", "company_name": "みらい"}, by=SYSTEM, now=now)
    for _ in range(2):
        bulk_tagging.run(bulk_id=bulk.pk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.planned, bulk.seen, bulk.changed) == ("finished", 10, 10, 6)
    assert queries.tagged_count(tag) == 7 and late.pk not in [one.pk for one in _with(tag)]
    assert AuditEntry.objects.filter(verb="tag").last().detail["contacts"] == 6
    assert AuditEntry.objects.filter(verb="begin_bulk_tagging").count() == 1


def test_what_is_taken_off_leaves_a_line_each(ten: list[Contact], tag: Tag, now: datetime) -> None:
    tagging.put_on(tag=tag, contact_ids=[one.pk for one in ten], by=SYSTEM, now=now)
    bulk = begin(tag, Narrowing(tag=tag), now, puts_on=False)
    bulk_tagging.run(bulk_id=bulk.pk)
    assert queries.tagged_count(tag) == 0
    assert ContactHistory.objects.filter(act="untagged").count() == 10


def test_a_tag_that_was_merged_meanwhile_is_the_one_it_became(ten: list[Contact], tag: Tag, now: datetime) -> None:
    bulk = begin(tag, Narrowing(), now)
    bulk_tagging._one_chunk(bulk.pk)
    into = tags.create(name="見本市", by=SYSTEM, now=now)
    tags.merge(tag=tag, into=into, by=SYSTEM, now=now)
    bulk_tagging.run(bulk_id=bulk.pk)
    assert queries.tagged_count(into) == 10


def test_without_what_narrowed_it_it_breaks_off_instead_of_meaning_everybody(
    ten: list[Contact], tag: Tag, now: datetime
) -> None:
    few = tags.create(name="役員", by=SYSTEM, now=now)
    tagging.put_on(tag=few, contact_ids=[ten[9].pk], by=SYSTEM, now=now)
    bulk = begin(tag, Narrowing(tag=few), now)
    tags.delete(tag=few, by=SYSTEM, now=now)
    bulk_tagging.run(bulk_id=bulk.pk)
    bulk.refresh_from_db()
    assert bulk.state == "failed" and queries.tagged_count(tag) == 0


def test_a_tag_that_was_deleted_meanwhile_stays_deleted(ten: list[Contact], tag: Tag, now: datetime) -> None:
    bulk = begin(tag, Narrowing(), now)
    bulk_tagging._one_chunk(bulk.pk)
    tags.delete(tag=tag, by=SYSTEM, now=now)
    bulk_tagging.run(bulk_id=bulk.pk)
    assert not BulkTagging.objects.exists() and not Tag.objects.exists()


def _with(tag: Tag) -> list[Contact]:
    return searching.first(Narrowing(tag=tag), limit=100)

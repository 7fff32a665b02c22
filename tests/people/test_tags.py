"""Tags: renamed, merged, deleted; a former name goes on meaning its tag; what goes leaves a line in the history."""

from datetime import datetime

import pytest

from tashika.accounts.models import User
from tashika.audiences import matching, retiring, uses
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.people import contacts, queries, tagging, tags
from tashika.people.models import Contact, ContactHistory, Tag
from tashika.people.searching import Narrowing
from tests.people.test_importing import imported

pytestmark = pytest.mark.django_db


def add(address: str, now: datetime, *names: str, **values: str) -> Contact:
    contact = contacts.add(values={"email": address, **values}, by=SYSTEM, now=now)
    for name in names:
        tagging.put_on(tag=tagging.of_name(name, now=now), contact_ids=[contact.pk], by=SYSTEM, now=now)
    return contact


def names_of(contact: Contact) -> list[str]:
    return [tag.name for tag in queries.tags_of(contact.pk)]


def who(rule: dict[str, object]) -> int:
    return matching.count({"rule": {"op": "and", "rules": [rule]}})


def segment(by: User, now: datetime, value: str) -> Content:
    rule = {"op": "and", "rules": [{"field": "tag", "test": "has_not", "value": value}]}
    return drafting.create(kind=Kind.SEGMENT, name="展示会以外", draft={"rule": rule}, by=by, now=now)


def test_a_renamed_tag_is_found_by_rules_files_and_calls_that_say_the_old_name(editor: User, now: datetime) -> None:
    contact = add("a@example.jp", now, "展示会")
    tag = Tag.objects.get()
    tags.rename(tag=tag, name="展示会2026", by=SYSTEM, now=now)
    assert names_of(contact) == ["展示会2026"]
    assert [one.name for one in queries.tags()] == ["展示会2026"]
    assert who({"field": "tag", "test": "has", "value": "展示会"}) == 1
    assert who({"field": "tag", "test": "has", "value": "展示会2026"}) == 1
    assert tagging.of_name("展示会", now=now) == tag
    imported("メールアドレス,姓,名\nb@example.jp,佐藤,健太\n", editor, now, tags=["展示会"])
    assert queries.tagged_count(tag) == 2
    assert AuditEntry.objects.filter(verb="rename_tag", subject=f"tag:{tag.pk}").count() == 1


def test_a_tag_can_have_its_old_name_back(now: datetime) -> None:
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    tags.rename(tag=tag, name="見本市", by=SYSTEM, now=now)
    tag = tags.rename(tag=tag, name="展示会", by=SYSTEM, now=now)
    assert tag.name == "展示会"
    assert queries.tag_of("見本市") == tag


@pytest.mark.parametrize("name", ["", "  ", "a;b", "x" * 101, "顧客", "得意先"])
def test_a_name_that_is_empty_or_taken_is_refused(name: str, now: datetime) -> None:
    other = tags.create(name="得意先", by=SYSTEM, now=now)
    tags.rename(tag=other, name="顧客", by=SYSTEM, now=now)
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    with pytest.raises(tags.UnableToNameTag):
        tags.rename(tag=tag, name=name, by=SYSTEM, now=now)
    with pytest.raises(tags.UnableToNameTag):
        tags.create(name=name, by=SYSTEM, now=now)


def test_merging_counts_who_came_over_and_rules_go_on(now: datetime) -> None:
    both, one = add("a@example.jp", now, "展示会", "見本市"), add("b@example.jp", now, "見本市")
    old, new = Tag.objects.get(name="見本市"), Tag.objects.get(name="展示会")
    assert tags.merge(tag=old, into=new, by=SYSTEM, now=now) == 1
    assert names_of(both) == names_of(one) == ["展示会"]
    assert who({"field": "tag", "test": "has", "value": "見本市"}) == 2
    old.refresh_from_db()
    for tag, into in ((new, new), (old, new), (new, old)):
        with pytest.raises(tags.UnableToMergeTags):
            tags.merge(tag=tag, into=into, by=SYSTEM, now=now)


def test_deleting_leaves_a_line_in_each_history(now: datetime) -> None:
    contact = add("a@example.jp", now, "展示会")
    assert tags.delete(tag=Tag.objects.get(), by=SYSTEM, now=now) == 1
    assert not Tag.objects.exists()
    assert queries.history(contact.pk)[0]["changes"] == {"tag": ["展示会", None]}
    assert AuditEntry.objects.get(verb="delete_tag").detail == {"name": "展示会", "contacts": 1}


def test_a_tag_that_a_segment_asks_for_by_any_of_its_names_is_not_deleted(editor: User, now: datetime) -> None:
    add("a@example.jp", now, "展示会")
    asking = segment(editor, now, "展示会")
    tag = tags.rename(tag=Tag.objects.get(), name="展示会2026", by=SYSTEM, now=now)
    assert uses.of_tag(tag) == [asking]
    with pytest.raises(retiring.UnableToDeleteTag, match="G-1"):
        retiring.delete_tag(tag=tag, by=SYSTEM, now=now)
    drafting.save(content=asking, draft={"static": True}, name="x", by=editor, now=now, revision=asking.draft_revision)
    assert retiring.delete_tag(tag=tag, by=SYSTEM, now=now) == 1


def test_everybody_whom_a_search_finds_is_tagged_and_untagged_at_once(now: datetime) -> None:
    for number in range(3):
        add(f"a{number}@example.jp", now, company_name="みらい計測システム㈱")
    outside = add("z@example.com", now, company_name="別の会社")
    tag = tags.create(name="計測", by=SYSTEM, now=now)
    found = Narrowing(words="みらい計測")
    assert tagging.put_on_found(tag=tag, narrowing=found, by=SYSTEM, now=now) == 3
    assert tagging.put_on_found(tag=tag, narrowing=found, by=SYSTEM, now=now) == 0
    assert names_of(outside) == []
    some = Narrowing(words="a1@", tag=tag)
    assert tagging.take_off_found(tag=tag, narrowing=some, by=SYSTEM, now=now) == 1
    assert queries.tagged_count(tag) == 2
    assert ContactHistory.objects.get(act="untagged").changes == {"tag": ["計測", None]}


def test_a_list_is_narrowed_by_tag_company_and_consent(now: datetime) -> None:
    from tashika.people import searching

    one = add("a@example.jp", now, "展示会", company_name="株式会社みらい")
    add("b@example.jp", now, "展示会", company_name="株式会社あした")
    add("c@example.jp", now, company_name="株式会社みらい")
    tag, company = Tag.objects.get(), one.company
    assert list(searching.narrowed(Narrowing(tag=tag, company=company))) == [one]
    assert searching.narrowed(Narrowing(consent="none")).count() == 3
    assert searching.narrowed(Narrowing(consent="given")).count() == 0

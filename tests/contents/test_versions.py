"""Nothing of a content is lost: who changed what when, as it was at a time, any state made the draft again or copied."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tashika.accounts.models import Role, User
from tashika.audiences import static_lists
from tashika.contents import copying, drafting, presence, restoring, states, versions
from tashika.contents.models import Content, DraftRevision, Kind
from tashika.core.errors import NotFound
from tashika.core.models import AuditEntry
from tashika.people.models import Contact
from tests.delivery.conftest import add_contacts

pytestmark = pytest.mark.django_db
PAGE: dict[str, Any] = {"title": "", "note": ""}


@pytest.fixture
def other(person: Callable[[str], User]) -> User:
    return person(Role.EDITOR)


@pytest.fixture
def page(editor: User, now: datetime) -> Content:
    return drafting.create(kind=Kind.LANDING_PAGE, name="秋", draft={**PAGE, "title": "一"}, by=editor, now=now)


def _save(content: Content, title: str, by: User, now: datetime) -> Content:
    return drafting.save(content=content, draft={**PAGE, "title": title}, by=by, now=now)


def test_saves_of_one_person_within_minutes_are_one_row_and_others_rows_stay(
    page: Content, editor: User, other: User, now: datetime
) -> None:
    minute = timedelta(minutes=1)
    _save(page, "二", editor, now + minute)
    _save(page, "三", editor, now + 2 * minute)
    _save(page, "四", other, now + 3 * minute)
    _save(page, "五", editor, now + 4 * minute)
    _save(page, "六", editor, now + 30 * minute)
    rows = DraftRevision.objects.order_by("first_revision")
    assert [(row.first_revision, row.last_revision, row.draft["title"], row.by) for row in rows] == [
        (1, 1, "一", editor),
        (2, 3, "三", editor),
        (4, 4, "四", other),
        (5, 5, "五", editor),
        (6, 6, "六", editor),
    ]


def test_as_it_was_at_a_time(page: Content, editor: User, other: User, now: datetime) -> None:
    hour = timedelta(hours=1)
    versions.keep(content=page, by=editor, now=now + hour)
    _save(page, "二", other, now + 2 * hour)
    _save(page, "三", other, now + 2 * hour + timedelta(minutes=2))
    before = states.at(page, now - hour)
    assert (before.draft, before.version) == (None, None)
    first = states.at(page, now + hour)
    assert first.draft is not None and first.version is not None
    assert (first.draft.body["title"], first.version.ref) == ("一", "v1")
    during = states.at(page, now + 2 * hour + timedelta(minutes=1))
    assert during.draft is not None and during.draft.body["title"] == "一"
    assert during.being_edited_by == str(other)
    after = states.at(page, now + 3 * hour)
    assert after.draft is not None and (after.draft.body["title"], after.draft.ref) == ("三", "r3")


def test_a_version_becomes_the_draft_again_and_that_can_be_undone(page: Content, editor: User, now: datetime) -> None:
    versions.keep(content=page, by=editor, now=now)
    _save(page, "二", editor, now)
    restored = restoring.restore(state=states.find(page, "v1"), by=editor, now=now)
    assert restored.content.draft["title"] == "一"
    assert (restored.kept.number, restored.kept.body["title"]) == (2, "二")
    page.refresh_from_db()
    undone = restoring.restore(state=states.find(page, f"v{restored.kept.number}"), by=editor, now=now)
    assert undone.content.draft["title"] == "二"
    assert undone.kept.number == 1, "what is kept already is not kept twice"
    assert AuditEntry.objects.filter(verb="restore_draft", subject="L-1").count() == 2


def test_restoring_over_what_somebody_saved_meanwhile_is_refused(page: Content, editor: User, now: datetime) -> None:
    versions.keep(content=page, by=editor, now=now)
    _save(page, "二", editor, now)
    with pytest.raises(drafting.SavedMeanwhile):
        restoring.restore(state=states.find(page, "v1"), by=editor, now=now, revision=1)
    page.refresh_from_db()
    assert page.draft["title"] == "二"


def test_what_was_not_chosen_is_kept_aside_and_can_be_taken_up_again(page: Content, other: User, now: datetime) -> None:
    drafting.set_aside(content=page, draft={**PAGE, "title": "私の"}, name="秋", by=other, now=now)
    page.refresh_from_db()
    assert page.draft["title"] == "一"
    row = DraftRevision.objects.get(aside=True)
    state = states.find(page, f"a{row.pk}")
    assert (state.body["title"], state.by) == ("私の", str(other))
    assert states.at(page, now).draft.body["title"] == "一"  # type: ignore[union-attr]
    assert restoring.restore(state=state, by=other, now=now).content.draft["title"] == "私の"


def test_any_state_is_copied_to_a_new_content(page: Content, editor: User, now: datetime) -> None:
    versions.keep(content=page, by=editor, now=now)
    _save(page, "二", editor, now)
    made = copying.copy(state=states.find(page, "v1"), by=editor, now=now)
    assert (made.public_id, made.name, made.draft["title"]) == ("L-2", "秋 のコピー", "一")
    assert AuditEntry.objects.get(verb="copy_content").detail == {"from": "L-1 v1"}


def test_a_copy_of_a_static_list_has_the_same_people(editor: User, now: datetime) -> None:
    add_contacts(5, now)
    made = drafting.create(kind=Kind.SEGMENT, name="名簿", draft={"static": True}, by=editor, now=now)
    text = "\n".join(Contact.objects.values_list("email", flat=True))
    assert static_lists.add(content=made, text=text, by=editor, now=now)[0] == 5
    assert static_lists.count(copying.copy(state=states.of_draft(made), by=editor, now=now)) == 5


def test_a_copy_of_a_broadcast_has_no_time(editor: User, now: datetime) -> None:
    draft = {"type": "broadcast", "segment": "", "mail": "", "send_at": now.isoformat(), "relay": None}
    made = drafting.create(kind=Kind.SCENARIO, name="一斉", draft=draft, by=editor, now=now)
    assert copying.copy(state=states.of_draft(made), by=editor, now=now).draft["send_at"] is None


@pytest.mark.parametrize("ref", ["v9", "r99", "a1", "x", "v", "", "draft "])
def test_a_state_that_is_not_there_says_so(page: Content, ref: str) -> None:
    with pytest.raises(NotFound):
        states.find(page, ref)


def test_what_was_remembered_can_be_changed_by_no_door(page: Content) -> None:
    for act in (
        lambda: DraftRevision.objects.all().delete(),
        lambda: DraftRevision.objects.update(by_label="だれか"),
        lambda: DraftRevision.objects.update(first_at=page.created_at - timedelta(days=1)),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert DraftRevision.objects.count() == 1


def test_two_editors_are_told_of_each_other(page: Content, editor: User, other: User, now: datetime) -> None:
    assert presence.seen(content=page, user=editor, tab="a", now=now) == []
    assert presence.seen(content=page, user=other, tab="b", now=now) == [editor]
    assert presence.seen(content=page, user=editor, tab="c", now=now) == [editor, other]
    assert presence.seen(content=page, user=other, tab="b", now=now + timedelta(minutes=1)) == []
    presence.seen(content=page, user=editor, tab="a", now=now + timedelta(minutes=1))
    presence.left(content=page, user=editor, tab="a")
    assert presence.seen(content=page, user=other, tab="b", now=now + timedelta(minutes=1)) == []

"""The page of versions for every kind, and drafts that save themselves: nothing is lost, nobody is overwritten."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.mails.samples import body
from tests.scenarios.conftest import broadcast_to, cleared

from tashika.accounts.models import Role, User
from tashika.contents import drafting, freezing, versions
from tashika.contents.models import Content, DraftRevision, Kind
from tashika.core.actors import SYSTEM
from tashika.scenarios import publishing

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(editor: User, now: datetime) -> Content:
    made = drafting.create(kind=Kind.MAIL, name="秋", draft=body(), by=editor, now=now)
    versions.keep(content=made, by=editor, now=now)
    return drafting.save(content=made, draft={**body(), "subject": "冬のご案内"}, by=editor, now=now)


@pytest.fixture
def desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def send(client: Client, path: str, **values: Any) -> Any:
    return client.post(f"/contents/M-1/{path}", json.dumps(values), content_type="application/json")


def test_an_id_leads_to_its_page(desk: Client, mail: Content) -> None:
    assert desk.get("/contents/m1").headers["Location"] == "/mails/M-1"


@pytest.mark.parametrize(("language", "words"), [("ja", "下書きの履歴"), ("en", "History of the draft")])
def test_each_kind_links_to_its_versions_and_shows_its_id_to_copy(
    desk: Client, editor: User, now: datetime, language: str, words: str
) -> None:
    editor.language = language
    editor.save(update_fields=["language"])
    scenario = broadcast_to(1, now)
    pages = {scenario.public_id: "scenarios", "G-1": "segments", "M-1": "mails"}
    for kind, area in (("landing_page", "landing-pages"), ("form", "forms"), ("document", "documents")):
        made = drafting.create(kind=kind, name="x", draft={"title": "", "note": ""}, by=editor, now=now)
        pages[made.public_id] = area
    for public_id, area in pages.items():
        page = desk.get(f"/{area}/{public_id}").content.decode()
        assert f"/contents/{public_id}/versions" in page and f'data-copy="{public_id}"' in page, public_id
        assert words in desk.get(f"/contents/{public_id}/versions").content.decode(), public_id


def test_a_difference_is_readable_and_mails_stand_side_by_side(desk: Client, mail: Content) -> None:
    response = desk.get("/contents/M-1/difference?before=v1&after=draft")
    page = response.content.decode()
    assert "<ins>冬のご案内</ins>" in page and "<del>" in page
    assert page.count('<iframe class="sheet tall" sandbox=""') == 2
    assert "img-src 'self' data: https: http:" in response["Content-Security-Policy"]


def test_restoring_offers_to_undo(desk: Client, mail: Content) -> None:
    answer = desk.post("/contents/M-1/restore", {"ref": "v1"})
    assert answer.headers["Location"] == "/contents/M-1/versions?restored=2"
    page = desk.get(answer.headers["Location"]).content.decode()
    assert "元に戻す" in page and "v2 に残っています" in page
    desk.post("/contents/M-1/restore", {"ref": "v2"})
    mail.refresh_from_db()
    assert mail.draft["subject"] == "冬のご案内"


def test_as_it_was_at_a_time(desk: Client, mail: Content, now: datetime) -> None:
    later = timezone.localtime(now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    then = desk.get("/contents/M-1/versions", {"at": later}).context["then"]
    assert (then.draft.ref, then.version.ref) == ("r2", "v1")
    assert (
        "その時点の記録はありません" in desk.get("/contents/M-1/versions", {"at": "2020-01-01T00:00"}).content.decode()
    )


def test_where_it_is_used_and_what_was_published(desk: Client, publisher: User, now: datetime) -> None:
    scenario = broadcast_to(1, now)
    publishing.publish(scenario=scenario, clearance=cleared(scenario, now), by=publisher, now=now)
    context = desk.get("/contents/M-1/versions").context
    assert [(one.content.public_id, one.in_draft, one.versions) for one in context["uses"]] == [("S-1", True, (1,))]
    assert [(one["version"], str(one["state"])) for one in context["publications"]] == [(1, "予約")]


def test_a_segment_that_asks_for_a_mail_is_one_of_its_uses(desk: Client, mail: Content, now: datetime) -> None:
    rule = {"field": "activity", "test": "did", "value": {"kind": "opened", "mail": "1", "days": 30}}
    draft = {"rule": {"op": "and", "rules": [rule]}}
    drafting.create(kind=Kind.SEGMENT, name="開いた人", draft=draft, by=None, now=now)
    assert [one.content.public_id for one in desk.get("/contents/M-1/versions").context["uses"]] == ["G-1"]


def test_two_editors_see_both_states_and_the_one_who_chooses_loses_nothing(
    desk: Client, mail: Content, person: Callable[[str], User], now: datetime
) -> None:
    other = person(Role.EDITOR)
    drafting.save(content=mail, draft={**body(), "subject": "鈴木の題"}, by=other, now=now)
    mine = {**body(), "subject": "私の題"}
    refused = send(desk, "draft", name="秋", draft=mine, revision=2)
    assert refused.status_code == 409 and other.name in refused.json()["error"]
    shown = send(desk, "compare", name="秋", draft=mine).content.decode()
    assert "鈴木" in shown and "私" in shown and 'data-choice="theirs"' in shown and 'data-revision="3"' in shown
    assert send(desk, "draft", name="秋", draft=mine, revision=3, chosen=True).json()["revision"] == 4
    subjects = DraftRevision.objects.order_by("pk").values_list("draft__subject", flat=True)
    assert list(subjects)[-2:] == ["鈴木の題", "私の題"]


def test_what_one_does_not_choose_is_set_aside(desk: Client, mail: Content) -> None:
    assert send(desk, "aside", name="秋", draft={**body(), "subject": "私の題"}).json() == {"kept": True}
    mail.refresh_from_db()
    assert mail.draft["subject"] == "冬のご案内"
    assert "選ばれなかった内容" in desk.get("/contents/M-1/versions").content.decode()


def test_the_same_person_in_two_tabs_keeps_both(desk: Client, mail: Content, editor: User) -> None:
    one = send(desk, "draft", name="秋", draft={**body(), "subject": "一"}, revision=2).json()["revision"]
    send(desk, "draft", name="秋", draft={**body(), "subject": "二"}, revision=one, chosen=True)
    assert DraftRevision.objects.filter(draft__subject="一").exists()


def test_an_open_editor_is_told_who_is_there_what_was_saved_and_what_was_frozen(
    desk: Client, mail: Content, person: Callable[[str], User], now: datetime
) -> None:
    other = person(Role.EDITOR)
    second = Client()
    second.force_login(other)
    assert send(desk, "editing", tab="a").json()["others"] == ""
    told = send(second, "editing", tab="b").json()
    assert told["others"] == "editor 担当さんが編集中です。" and told["revision"] == 2 and not told["frozen"]
    freezing.freeze(contents=[mail], incident="I-3", by=SYSTEM, now=now)
    assert "I-3" in send(second, "editing", tab="b").json()["frozen"]
    send(desk, "editing", tab="a", left=True)
    assert send(second, "editing", tab="b").json()["others"] == ""


@pytest.mark.parametrize(
    "sent", [{}, {"draft": []}, {"draft": {}, "revision": "1"}, {"draft": {"subject": 5}, "revision": 2}]
)
def test_what_is_no_draft_is_refused(desk: Client, mail: Content, sent: dict[str, Any]) -> None:
    assert send(desk, "draft", **sent).status_code == 422
    mail.refresh_from_db()
    assert mail.draft["subject"] == "冬のご案内"


def test_a_landing_page_is_made_and_saved(desk: Client) -> None:
    assert "まだありません" in desk.get("/landing-pages").content.decode()
    assert desk.post("/landing-pages/new").headers["Location"] == "/landing-pages/L-1"
    sent = {"name": "秋の申込", "draft": {"title": "秋", "note": ""}, "revision": 1}
    assert desk.post("/contents/L-1/draft", json.dumps(sent), content_type="application/json").status_code == 200
    assert "秋の申込" in desk.get("/landing-pages").content.decode()
    assert desk.get("/forms/L-1").status_code == 404

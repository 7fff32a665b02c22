"""Pages of segments: what the editor offers, and why a person is in or out, in words."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.contents import drafting
from tashika.contents.models import Content
from tashika.core.actors import SYSTEM
from tashika.people import contacts, tagging
from tashika.people.models import Contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def segment(now: datetime, *rules: dict[str, object]) -> Content:
    draft = {"rule": {"op": "and", "rules": list(rules)}}
    return drafting.create(kind="segment", name="s", draft=draft, by=None, now=now)


def person(now: datetime) -> Contact:
    made = contacts.add(values={"email": "a@example.jp", "family_name": "佐藤"}, by=SYSTEM, now=now)
    for name in ("展示会", "資料請求"):
        tagging.put_on(tag=tagging.of_name(name, now=now), contact_ids=[made.pk], by=SYSTEM, now=now)
    return made


def test_the_editor_offers_scenarios_with_their_nodes_and_every_act(at_desk: Client, now: datetime) -> None:
    draft = {"type": "flow", "nodes": [{"id": "n1", "kind": "entry"}, {"kind": "mail"}, "half made"]}
    drafting.create(kind="scenario", name="フォロー", draft=draft, by=None, now=now)
    drafting.create(kind="form", name="お問い合わせ", draft={}, by=None, now=now)
    data = at_desk.get(f"/segments/{segment(now).public_id}").context["segment"]
    assert data["scenarios"] == [["S-1", "S-1 フォロー", [["n1", "n1 開始"]]]]
    assert data["contents"]["F"] == [["F-1", "F-1 お問い合わせ"]]
    assert {kind: about for kind, _, about in data["acts"]}["form_sent"] == "F"
    assert "within_next_days" in [test for test, _ in data["tests"]["date"]]


def test_why_says_in_words_what_a_person_did_last_and_which_tags_are_theirs(at_desk: Client, now: datetime) -> None:
    made = person(now)
    opened = {"kind": "opened", "mail": 7, "days": 30}
    for days in (90, 60):
        Event.objects.create(at=now - timedelta(days=days), contact_id=made.pk, kind="opened", mail_number=7)
    asked = segment(
        now,
        {"field": "tag", "test": "has", "value": "展示会"},
        {"field": "activity", "test": "did", "value": opened},
    )
    page = at_desk.get(f"/segments/{asked.public_id}/why?q=佐藤").content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "入らない" in words
    assert "✓ タグ 「展示会」 がついている この人: 展示会、資料請求" in words
    last = (now - timedelta(days=60)).astimezone()
    assert f"✗ 行動 メールを開く M-7 30日以内 をした この人: {last.year}年" in words


def test_what_is_asked_for_the_wrong_kind_of_content_is_refused(at_desk: Client, now: datetime) -> None:
    wrong = {
        "op": "and",
        "rules": [{"field": "activity", "test": "did", "value": {"kind": "form_sent", "content": "D-1"}}],
    }
    answer = at_desk.post("/segments/count", {"rule": wrong}, content_type="application/json")
    assert (answer.status_code, answer.json()["where"]) == (422, "rule.rules[0]")

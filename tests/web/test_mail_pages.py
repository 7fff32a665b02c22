"""The mail pages: who may do what, autosave with its conflict, preview, versions."""

import json
from typing import Any

import pytest
from django.test import Client
from tests.mails.samples import body

from tashika.accounts.models import User
from tashika.contents.models import Content, Freeze
from tashika.core import clock
from tashika.mails import drafting
from tashika.people.models import Contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(editor: User) -> Content:
    return drafting.begin(name="秋の案内", design_key="seminar", by=editor, now=clock.now())


@pytest.fixture
def at_desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def send(client: Client, url: str, data: Any) -> Any:
    return client.post(url, json.dumps(data), content_type="application/json")


def test_the_list_begins_with_an_invitation(at_desk: Client) -> None:
    page = at_desk.get("/mails").content.decode()
    assert "メールはまだありません" in page
    assert "/mails/new" in page


def test_a_new_mail_begins_from_a_design(at_desk: Client) -> None:
    assert "メールマガジン" in at_desk.get("/mails/new").content.decode()
    response = at_desk.post("/mails/new", {"name": "秋の案内", "design": "newsletter"})
    assert response.status_code == 302 and response.headers["Location"] == "/mails/M-1"
    page = at_desk.get("/mails/M-1").content.decode()
    assert "秋の案内" in page and "mj-section" in page
    assert "秋の案内" in at_desk.get("/mails").content.decode()


def test_saving_raises_the_revision_and_a_conflict_overwrites_nothing(at_desk: Client, mail: Content) -> None:
    first = send(
        at_desk, "/contents/M-1/draft", {"name": "改題", "revision": 1, "draft": {**mail.draft, "subject": "一"}}
    )
    assert first.json()["revision"] == 2
    second = send(
        at_desk, "/contents/M-1/draft", {"name": "別", "revision": 1, "draft": {**mail.draft, "subject": "二"}}
    )
    assert second.status_code == 409 and "先に保存" in second.json()["error"]
    mail.refresh_from_db()
    assert (mail.name, mail.draft["subject"]) == ("改題", "一")


def test_a_frozen_mail_is_shown_and_not_saved(at_desk: Client, mail: Content) -> None:
    Freeze.objects.create(content=mail, by_incident="I-1", since=clock.now())
    assert "I-1" in at_desk.get("/mails/M-1").content.decode()
    assert send(at_desk, "/contents/M-1/draft", {"name": "x", "revision": 1, "draft": mail.draft}).status_code == 423


@pytest.mark.parametrize(
    "data", [[], "x", {"body": []}, {"body": {}, "revision": "x"}, {"body": {"format": "pdf"}, "revision": 1}]
)
def test_what_is_no_draft_is_refused(at_desk: Client, mail: Content, data: Any) -> None:
    assert send(at_desk, "/contents/M-1/draft", data).status_code == 422


def test_a_preview_shows_the_contact_and_the_problems(at_desk: Client) -> None:
    now = clock.now()
    contact = Contact.objects.create(
        email="a@example.jp",
        email_key="a@example.jp",
        address_hash=b"x" * 32,
        family_name="髙橋",
        created_at=now,
        updated_at=now,
    )
    shown = send(at_desk, "/mails/preview", {"body": body(), "contact": contact.pk}).json()
    assert shown["merged"] and shown["subject"] == "髙橋様へのご案内"
    found = at_desk.get("/mails/contacts", {"q": "髙橋"}).json()["contacts"]
    assert [person["id"] for person in found] == [contact.pk]
    wrong = send(at_desk, "/mails/preview", {"body": body(html="<p>\n{{ contact.x }}</p>")}).json()
    assert not wrong["merged"]
    assert [(problem["part"], problem["line"]) for problem in wrong["problems"]] == [("html", 2)]


def test_a_version_is_kept_looked_at_and_copied(at_desk: Client, mail: Content) -> None:
    response = at_desk.post("/contents/M-1/keep")
    assert response.headers["Location"] == "/contents/M-1/states/v1"
    page = at_desk.get("/contents/M-1/states/v1").content.decode()
    assert "M-1" in page and "版はもう変わりません" in page
    copied = at_desk.post("/contents/M-1/copy", {"ref": "v1"})
    assert copied.headers["Location"] == "/mails/M-2"
    assert Content.objects.get(kind="mail", number=2).draft == mail.draft
    assert at_desk.get("/contents/M-1/states/v9").status_code == 404


def test_a_viewer_looks_and_changes_nothing(client: Client, person: Any, mail: Content) -> None:
    client.force_login(person("viewer"))
    assert client.get("/mails/M-1").status_code == 200
    assert "disabled" in client.get("/mails/M-1").content.decode()
    for url in ("/mails/new", "/contents/M-1/copy", "/contents/M-1/keep", "/contents/M-1/draft"):
        assert send(client, url, {}).status_code == 403


def test_a_stranger_sees_nothing(client: Client, mail: Content) -> None:
    for url in ("/mails", "/mails/M-1", "/mails/contacts", "/contents/M-1/states/v1"):
        assert client.get(url).status_code in (302, 403)


def test_another_kind_is_no_mail(at_desk: Client, editor: User) -> None:
    assert at_desk.get("/mails/S-1").status_code == 404


def test_only_the_preview_pages_may_show_pictures_from_elsewhere(at_desk: Client, mail: Content) -> None:
    policy = at_desk.get("/mails/M-1")["Content-Security-Policy"]
    assert "img-src 'self' data: https: http:" in policy and "script-src 'self';" in policy
    assert "https:" not in at_desk.get("/mails")["Content-Security-Policy"]

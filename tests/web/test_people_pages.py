"""Pages of people: tags, companies, custom fields, the contact's page; who may do what, in both languages."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts.models import ApiKey, User
from tashika.contents import drafting
from tashika.contents.models import Kind
from tashika.core.actors import SYSTEM
from tashika.people import bulk_tagging, consent, contacts, defining, queries, tagging, tags
from tashika.people.models import BulkTagging, Contact, CustomField, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


@pytest.fixture
def three(now: datetime) -> list[Contact]:
    return [
        contacts.add(
            values={"email": f"{n}@example.jp", "family_name": name, "company_name": company}, by=SYSTEM, now=now
        )
        for n, (name, company) in enumerate(
            (("佐藤", "株式会社みらい"), ("鈴木", "株式会社みらい"), ("髙橋", "株式会社あした"))
        )
    ]


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def names_of(contact: Contact) -> list[str]:
    return [tag.name for tag in queries.tags_of(contact.pk)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_of_people_opens(
    language: str, at_desk: Client, editor: User, three: list[Contact], now: datetime
) -> None:
    editor.language = language
    editor.save(update_fields=["language"])
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    defining.create(key="plant", label="工場", type="text", choices=[], by=SYSTEM, now=now)
    one = three[0]
    for address in (
        "/contacts", "/contacts?q=佐藤", f"/contacts?tag={tag.pk}&company={one.company_id}&consent=none", "/contacts/new",
        f"/contacts/{one.pk}", f"/contacts/{one.pk}?history=all", f"/contacts/{one.pk}/edit", "/tags", "/tags?q=展",
        f"/tags/{tag.pk}", f"/tags/bulk?tag={tag.pk}", "/companies", "/companies?q=みらい", f"/companies/{one.company_id}",
        f"/companies/{one.company_id}/join?q=あした", "/fields", "/fields/new", "/fields/plant",
        "/suppression", "/suppression?q=a@example.jp",
    ):  # fmt: skip
        response = at_desk.get(address)
        assert response.status_code == 200, address
        assert f'<html lang="{language}">' in response.content.decode()
        text = words(response)
        assert "{" not in text, address
    menu = words(at_desk.get("/tags"))
    assert ("会社" in menu) is (language == "ja") and ("Custom fields" in menu) is (language == "en")


def test_a_viewer_sees_and_changes_nothing(
    client: Client, person: Callable[[str], User], three: list[Contact], now: datetime
) -> None:
    client.force_login(person("viewer"))
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    defining.create(key="plant", label="工場", type="text", choices=[], by=SYSTEM, now=now)
    assert "削除" not in words(client.get(f"/tags/{tag.pk}"))
    for address in (
        "/tags/new", f"/tags/{tag.pk}/rename", f"/tags/{tag.pk}/merge", f"/tags/{tag.pk}/delete", "/tags/bulk",
        f"/companies/{three[0].company_id}/rename", f"/companies/{three[0].company_id}/join", "/fields/new",
        "/fields/plant", "/fields/plant/move", "/fields/plant/archive", f"/contacts/{three[0].pk}/delete",
    ):  # fmt: skip
        assert client.post(address, {"name": "x", "label": "x"}).status_code == 403, address


def test_tags_are_made_renamed_merged_and_deleted_with_their_count(
    at_desk: Client, three: list[Contact], now: datetime
) -> None:
    at_desk.post("/tags/new", {"name": "展示会"})
    tag = Tag.objects.get()
    tagging.put_on(tag=tag, contact_ids=[one.pk for one in three[:2]], by=SYSTEM, now=now)
    assert re.search(r"展示会 2 ", words(at_desk.get("/tags")))
    at_desk.post(f"/tags/{tag.pk}/rename", {"name": "展示会2026"})
    page = words(at_desk.get(f"/tags/{tag.pk}"))
    assert "展示会2026 2人" in page and "佐藤" in page and "髙橋" not in page and "以前の名前" in page
    other = tags.create(name="見本市", by=SYSTEM, now=now)
    merged = at_desk.post(f"/tags/{tag.pk}/merge", {"into": other.pk}, follow=True)
    assert "「見本市」に統合しました。2人" in words(merged)
    assert at_desk.get(f"/tags/{tag.pk}").headers["Location"] == f"/tags/{other.pk}"
    assert "2人から外して削除する" in words(at_desk.get(f"/tags/{other.pk}"))
    deleted = at_desk.post(f"/tags/{other.pk}/delete", follow=True)
    assert "「見本市」を削除し、2人から外しました" in words(deleted)


def test_a_tag_that_a_segment_asks_for_says_which_instead_of_being_deleted(
    at_desk: Client, editor: User, now: datetime
) -> None:
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    rule = {"op": "and", "rules": [{"field": "tag", "test": "has", "value": "展示会"}]}
    drafting.create(kind=Kind.SEGMENT, name="来場者", draft={"rule": rule}, by=editor, now=now)
    assert "このタグは削除できません" in words(at_desk.get(f"/tags/{tag.pk}"))
    refused = at_desk.post(f"/tags/{tag.pk}/delete", headers={"Referer": f"/tags/{tag.pk}"}, follow=True)
    assert "G-1" in words(refused) and Tag.objects.filter(pk=tag.pk).exists()


def test_everybody_whom_the_list_shows_is_tagged_after_the_number_was_seen(
    at_desk: Client, three: list[Contact]
) -> None:
    company = three[0].company_id
    assert "2 人が対象です" in words(at_desk.get(f"/tags/bulk?company={company}"))
    done = at_desk.post("/tags/bulk", {"company": company, "name": "みらい様", "act": "on"}, follow=True)
    assert "新しく2人に「みらい様」をつけました" in words(done)
    assert [names_of(one) for one in three] == [["みらい様"], ["みらい様"], []]
    at_desk.post("/tags/bulk", {"company": company, "q": "鈴木", "name": "みらい様", "act": "off"})
    assert [names_of(one) for one in three] == [["みらい様"], [], []]


def test_very_many_are_tagged_in_the_background_with_progress(
    at_desk: Client, three: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_tagging, "AT_ONCE", 2)
    assert "裏で少しずつ進めます" in words(at_desk.get("/tags/bulk"))
    page = at_desk.post("/tags/bulk", {"name": "全員", "act": "on"}, follow=True)
    bulk = BulkTagging.objects.get()
    assert page.redirect_chain == [(f"/tags/bulk/{bulk.pk}", 302)]
    assert "進行中" in words(page) and f'data-events="/tags/bulk/{bulk.pk}/events"' in page.content.decode()
    assert "一括タグづけを進めています" in words(at_desk.get("/tags"))
    assert names_of(three[0]) == []
    bulk_tagging.run(bulk_id=bulk.pk)
    assert "完了" in words(at_desk.get(f"/tags/bulk/{bulk.pk}")) and names_of(three[2]) == ["全員"]


def test_the_list_goes_on_after_its_last_row(at_desk: Client, now: datetime) -> None:
    for number in range(51):
        contacts.add(values={"email": f"a{number}@example.jp"}, by=SYSTEM, now=now)
    first = at_desk.get("/contacts?q=example").content.decode()
    after = re.search(r'href="\?q=example&amp;after=(\d+)"', first)
    assert after and "a50@" not in first
    second = at_desk.get(f"/contacts?q=example&after={after[1]}").content.decode()
    assert "a50@" in second and "a49@" not in second


def test_companies_are_found_renamed_and_joined(at_desk: Client, three: list[Contact]) -> None:
    one, other = three[0].company_id, three[2].company_id
    assert re.search(r"株式会社みらい 2 ", words(at_desk.get("/companies?q=みらい")))
    at_desk.post(f"/companies/{one}/rename", {"name": "みらい計測株式会社", "in_contacts": "1"})
    assert "みらい計測株式会社" in words(at_desk.get(f"/contacts/{three[0].pk}"))
    joined = at_desk.post(f"/companies/{other}/join", {"into": one}, follow=True)
    assert "髙橋" in words(joined) and "株式会社あした" in words(joined)
    assert at_desk.get(f"/companies/{other}").headers["Location"] == f"/companies/{one}"


def test_a_field_of_each_type_is_made_filled_in_and_shown(at_desk: Client, three: list[Contact]) -> None:
    for key, kind in CustomField.Type.choices:
        response = at_desk.post("/fields/new", {"key": key, "label": f"項目 {key}", "type": key, "choices": "東\n西"})
        assert response.status_code == 302, kind
    given = {
        "email": three[0].email, "family_name": "佐藤", "custom.text": "第一工場", "custom.number": "12.5",
        "custom.date": "2027-03-31", "custom.choice": "東", "custom.multi_choice": ["東", "西"], "custom.yes_no": "no",
    }  # fmt: skip
    assert at_desk.post(f"/contacts/{three[0].pk}/edit", given).status_code == 302
    three[0].refresh_from_db()
    assert three[0].custom == {
        "text": "第一工場", "number": 12.5, "date": "2027-03-31", "choice": "東", "multi_choice": ["東", "西"], "yes_no": False,
    }  # fmt: skip
    page = words(at_desk.get(f"/contacts/{three[0].pk}"))
    assert "東、西" in page and "いいえ" in page and "項目 number: – → 12.5" in page
    form = at_desk.get(f"/contacts/{three[0].pk}/edit").content.decode()
    assert form.count("checked") == 2 and 'value="no" selected' in form and 'value="12.5"' in form
    assert at_desk.post(f"/contacts/{three[0].pk}/edit", given).status_code == 302
    assert len(queries.history(three[0].pk)) == 1, "saving what is there is no change"


def test_a_value_that_does_not_fit_is_said_and_what_was_typed_stays(
    at_desk: Client, three: list[Contact], now: datetime
) -> None:
    defining.create(key="day", label="点検日", type="date", choices=[], by=SYSTEM, now=now)
    page = at_desk.post(
        f"/contacts/{three[0].pk}/edit", {"email": "x@example.jp", "note": "メモ", "custom.day": "未定"}
    )
    text = page.content.decode()
    assert (
        "「点検日」の値が型に合いません" in text and 'value="未定"' in text and "メモ" in text and "field wrong" in text
    )


def test_fields_are_moved_changed_archived_and_brought_back(at_desk: Client, now: datetime) -> None:
    for key in ("plant", "plan"):
        defining.create(key=key, label=key.title(), type="choice", choices=["A", "B"], by=SYSTEM, now=now)
    at_desk.post("/fields/plan/move", {"to": "up"})
    assert [field.key for field in CustomField.objects.order_by("position")] == ["plan", "plant"]
    at_desk.post("/fields/plan", {"label": "契約", "choices": "B\nC\n"})
    field = CustomField.objects.get(key="plan")
    assert (field.label, field.choices) == ("契約", ["B", "C"])
    refused = words(at_desk.post("/fields/plan", {"label": "契約", "choices": " \n"}))
    assert "選択肢を入力してください" in refused
    at_desk.post("/fields/plan/archive", {"act": "archive"})
    assert "使用を停止した項目" in words(at_desk.get("/fields"))
    at_desk.post("/fields/plan/archive", {"act": "bring_back"})
    assert "使用を停止した項目" not in words(at_desk.get("/fields"))


def test_a_contacts_page_tells_everything_in_one_order(
    at_desk: Client, editor: User, three: list[Contact], now: datetime
) -> None:
    one = three[0]
    tag = tags.create(name="展示会", by=SYSTEM, now=now)
    tagging.put_on(tag=tag, contact_ids=[one.pk], by=SYSTEM, now=now)
    tagging.take_off(tag=tag, contact_ids=[one.pk], by=SYSTEM, now=now)
    contacts.change(contact=one, values={"department": "営業部"}, by=SYSTEM, now=now)
    consent.give(contact=one, ground="business_card", detail="秋の展示会", by=SYSTEM, now=now)
    page = words(at_desk.get(f"/contacts/{one.pk}"))
    contacts.change(contact=one, values={"owner": editor.email}, by=SYSTEM, now=now)
    page = words(at_desk.get(f"/contacts/{one.pk}"))
    for said in (
        f"担当者: – → {editor.name}",
        "タグを外した",
        "部署: – → 営業部",
        "名刺交換 · 秋の展示会 · Tashika",
        "登録",
    ):
        assert said in page, said


def test_a_contact_is_added_and_deleted_with_what_that_means(at_desk: Client) -> None:
    made = at_desk.post("/contacts/new", {"email": "new@example.jp", "family_name": "田中"})
    contact = Contact.objects.get()
    assert made.headers["Location"] == f"/contacts/{contact.pk}"
    assert "残るもの" in words(at_desk.get(f"/contacts/{contact.pk}"))
    at_desk.post(f"/contacts/{contact.pk}/delete")
    assert not Contact.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_a_static_list_is_made_from_a_file_whatever_its_encoding(
    at_desk: Client, three: list[Contact], encoding: str
) -> None:
    at_desk.post("/segments/new", {"name": "招待者", "kind": "static"})
    text = "会社,アドレス\nみらい,0@example.jp\nあした,2@example.jp\n不明,nobody@example.com\n"
    file = SimpleUploadedFile("招待.csv", text.encode(encoding))
    page = words(at_desk.post("/segments/G-1/members", {"file": file}, follow=True))
    assert "2人を追加しました" in page and "nobody@example.com" in page and "佐藤" in page and "鈴木" not in page
    off = words(at_desk.post("/segments/G-1/members", {"off": three[0].pk}, follow=True))
    assert "1人" in off and "佐藤" not in off


def test_a_file_that_is_no_list_is_refused(at_desk: Client) -> None:
    at_desk.post("/segments/new", {"name": "招待者", "kind": "static"})
    picture = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    refused = at_desk.post(
        "/segments/G-1/members", {"file": picture}, headers={"Referer": "/segments/G-1"}, follow=True
    )
    assert "CSVでもExcelでもない" in words(refused)


def test_staff_are_added_changed_deactivated_and_let_in_again(client: Client, person: Callable[[str], User]) -> None:
    administrator = person("administrator")
    client.force_login(administrator)
    given = {
        "act": "create",
        "name": "新人",
        "email": "new@staff.example.jp",
        "password": "correct horse 8",
        "role": "viewer",
    }
    assert "新人" in words(client.post("/settings/people", given, follow=True))
    added = User.objects.get(email="new@staff.example.jp")
    client.post("/settings/people", {"act": "role", "user": added.pk, "role": "publisher"})
    client.post("/settings/people", {"act": "password", "user": added.pk, "password": "another horse 9"})
    assert Client().login(username="new@staff.example.jp", password="another horse 9")
    client.post("/settings/people", {"act": "deactivate", "user": added.pk})
    assert not Client().login(username="new@staff.example.jp", password="another horse 9")
    client.post("/settings/people", {"act": "reactivate", "user": added.pk})
    added.refresh_from_db()
    assert (added.role, added.is_active) == ("publisher", True)
    last = client.post("/settings/people", {"act": "deactivate", "user": administrator.pk}, follow=True)
    assert "管理者がいなくなって" in words(last)


def test_an_api_key_is_shown_once_and_can_be_revoked(client: Client, person: Callable[[str], User]) -> None:
    client.force_login(person("administrator"))
    answer = client.post("/settings/api-keys", {"name": "基幹", "role": "editor"})
    assert answer.status_code == 302, "loading the page again makes no other key"
    made = client.get(answer.headers["Location"]).content.decode()
    secret = re.search(r"<code>(tsk_[^<]+)</code>", made)
    assert secret and secret[1] not in client.get("/settings/api-keys").content.decode()
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert Client().get("/api/v1/tags", headers=headers).status_code == 200
    client.post("/settings/api-keys", {"revoke": ApiKey.objects.get().pk})
    assert Client().get("/api/v1/tags", headers=headers).status_code == 401

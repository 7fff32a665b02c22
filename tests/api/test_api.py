"""The API does what the interface does, for keys of a role, and says errors as problems."""

from collections.abc import Callable
from typing import Any

import pytest
from bench.scenery import SHORT_MAIL
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.core import clock
from tashika.core.models import AuditEntry
from tashika.people import importing

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(person: Callable[[str], User]) -> Callable[..., Any]:
    """call("post", "/contacts", {...}, role="editor")."""
    made: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, role: str = "publisher", language: str = "ja") -> Any:
        if role not in made:
            made[role] = api_keys.make(name=role, role=role, by=person(role), now=clock.now())[1]
        return getattr(Client(), method)(
            f"/api/v1{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {made[role]}", "Accept-Language": language},
        )

    return send


def test_without_a_key_there_is_nothing() -> None:
    response = Client().get("/api/v1/contacts")
    assert response.status_code == 401 and response["Content-Type"] == "application/problem+json"


def test_a_revoked_key_opens_nothing(person: Callable[[str], User]) -> None:
    key, secret = api_keys.make(name="k", role="viewer", by=person("administrator"), now=clock.now())
    api_keys.revoke(key=key, by=key.created_by, now=clock.now())
    assert Client().get("/api/v1/contacts", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_contact_from_adding_to_deleting(call: Callable[..., Any]) -> None:
    made = call("post", "/contacts", {"email": "a@example.jp", "family_name": "佐藤"})
    assert made.status_code == 201
    where = f"/contacts/{made.json()['id']}"
    assert call("patch", where, {"given_name": "健太"}).json()["given_name"] == "健太"
    assert call("get", "/contacts?q=佐藤").json()["items"][0]["email"] == "a@example.jp"
    assert call("post", f"{where}/opt-out").json()["consent"] == "withdrawn"
    assert call("delete", where).status_code == 204
    again = call("post", "/contacts", {"email": "A@example.jp"})
    assert again.json()["consent"] == "withdrawn", "the opt-out survives deletion"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/contacts", {"email": "no address"}, 422),
        ("post", "/contacts", {"email": "a@example.jp", "family_name": "\u0000"}, 422),
        ("get", "/contacts/999", None, 404),
        ("get", "/segments/M-1", None, 404),
        ("get", "/nothing", None, 404),
        ("post", "/segments/count", {"rule": {"field": "x; DROP TABLE", "test": "is", "value": "1"}}, 422),
        ("post", "/contacts", "not json", 422),
        ("post", "/contacts", '{"email": "a@example.jp", "custom": {"x": NaN}}', 422),
        ("post", "/contacts", "[" * 100_000, 422),
        ("get", "/contacts?q=%00", None, 422),
        ("get", "/contacts?limit=0", None, 422),
        ("get", f"/contacts/{10**30}", None, 404),
        ("get", "/dispatches/999/recipients", None, 404),
        ("get", "/imports/999/quarantine", None, 404),
        ("post", "/fields", {"key": "x", "label": "x" * 101, "type": "text"}, 422),
        ("post", "/mails", {"name": "x", "draft": {"subjekt": "x"}}, 422),
        ("post", "/mails", {"name": "x" * 201, "draft": {}}, 422),
        ("post", "/scenarios", {"name": "x", "draft": {"send_at": "2026-12-01T10:00:00"}}, 422),
        ("post", "/scenarios", {"name": "x", "draft": {"segment": 5}}, 422),
        ("put", "/segments/G-9", {"name": "x", "draft": {"static": True}}, 404),
        ("post", "/suppressions", {"addresses": ["a\ud800@example.jp"]}, 422),
        ("get", "/dispatches/999", None, 404),
    ],
)
def test_errors_are_problems_with_a_place(
    call: Callable[..., Any], method: str, path: str, body: Any, status: int
) -> None:
    response = call(method, path, body)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert found["title"] and found["status"] == status and found["type"] == f"urn:tashika:problem:{found['code']}"


def test_a_viewer_may_stop_and_nothing_else(call: Callable[..., Any]) -> None:
    assert call("post", "/contacts", {"email": "a@example.jp"}, role="viewer").status_code == 403
    stopped = call("post", "/emergency-stop", {"reason": "試験"}, role="viewer")
    assert stopped.status_code == 200, stopped.json()
    assert call("delete", "/emergency-stop", role="viewer").status_code == 403
    assert call("delete", "/emergency-stop", role="publisher").status_code == 204


def test_publishing_takes_the_bill_that_was_reviewed(call: Callable[..., Any]) -> None:
    call("post", "/contacts", {"email": "a@example.jp", "family_name": "佐藤"})
    rule = {"op": "and", "rules": [{"field": "family_name", "test": "is", "value": "佐藤"}]}
    call("post", "/segments", {"name": "佐藤さん", "draft": {"rule": rule}})
    mail = {**SHORT_MAIL, "category": "operational"}
    call("post", "/mails", {"name": "ご案内", "draft": mail})
    assert [one for one in call("get", "/mails/M-1/problems").json() if one["severity"] == "error"] == []
    draft = {"type": "broadcast", "segment": "G-1", "mail": "M-1", "send_at": None}
    call("post", "/scenarios", {"name": "配信", "draft": draft})
    review = call("get", "/scenarios/S-1/review").json()
    assert review["planned"] == 1
    call("put", "/mails/M-1", {"name": "ご案内", "draft": {**mail, "subject": "変更"}})
    assert call("post", "/scenarios/S-1/publish", {"bill": review["bill"]}).status_code == 409, "an edit voids it"
    review = call("get", "/scenarios/S-1/review").json()
    published = call("post", "/scenarios/S-1/publish", {"bill": review["bill"]})
    assert published.status_code == 200 and published.json()["figures"]["planned"] == 1
    stopped = call("post", "/scenarios/S-1/unpublish", {"reason": "試験"}, role="viewer").json()
    assert stopped["certain"] and stopped["figures"]["stopped"] == 1
    assert call("post", "/scenarios/S-1/publish", {}).status_code == 409, "only after a choice (G8)"
    assert call("post", "/scenarios/S-1/publish", {"choice": "skip"}).json()["figures"]["stopped"] == 1


def test_the_openapi_document_names_every_area(call: Callable[..., Any]) -> None:
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    for path in ("/contacts", "/imports", "/scenarios/{public_id}/publish", "/emergency-stop", "/suppressions"):
        assert f"/api/v1{path}" in paths


def test_a_problem_speaks_the_callers_language(call: Callable[..., Any]) -> None:
    for language, words in (("ja-JP,ja;q=0.9", "見つかりません"), ("en-GB", "There is no S-9")):
        assert words in call("get", "/scenarios/S-9", language=language).json()["title"]


def test_pages_follow_each_other(call: Callable[..., Any]) -> None:
    for number in range(5):
        call("post", "/contacts", {"email": f"p{number}@example.jp"})
        call("post", "/segments", {"name": f"{number}", "draft": {"static": True}})
    for path, key, expected in (
        ("/contacts", "email", [f"p{number}@example.jp" for number in range(5)]),
        ("/segments", "public_id", ["G-5", "G-4", "G-3", "G-2", "G-1"]),
    ):
        found: list[str] = []
        after: int | None = 0
        while after is not None:
            page = call("get", f"{path}?limit=2&after={after}").json()
            found += [one[key] for one in page["items"]]
            after = page["next"]
        assert found == expected


def test_values_tags_and_consent_of_a_contact(call: Callable[..., Any]) -> None:
    call("post", "/fields", {"key": "plan", "label": "契約", "type": "choice", "choices": ["A", "B"]})
    call("post", "/fields", {"key": "seats", "label": "席数", "type": "number"})
    made = call("post", "/contacts", {"email": "a@example.jp", "custom": {"plan": "A", "seats": 3}}).json()
    where = f"/contacts/{made['id']}"
    assert call("patch", where, {"custom": {"seats": 5}}).json()["custom"] == {"plan": "A", "seats": 5}
    assert call("patch", where, {"custom": {"seats": ""}}).json()["custom"] == {"plan": "A"}
    assert call("patch", where, {"custom": {"plan": "C"}}).json()["where"] == "custom.plan"
    assert [one["name"] for one in call("post", f"{where}/tags", {"add": ["展示会", "重要"]}).json()] == [
        "展示会",
        "重要",
    ]
    assert [one["name"] for one in call("post", f"{where}/tags", {"remove": ["重要"]}).json()] == ["展示会"]
    assert call("post", f"{where}/consent", {"ground": "form", "detail": "資料請求"}).json()["consent"] == "given"
    whats = [one["what"] for one in call("get", f"{where}/history").json()]
    assert whats[0] == "consent_given" and whats.count("updated") == 2


def test_suppression_is_lifted_only_where_it_is_ours(call: Callable[..., Any]) -> None:
    call("post", "/suppressions", {"addresses": ["a@example.jp", "b@" + "x" * 300 + ".jp"]})
    made = call("post", "/contacts", {"email": "c@example.jp"}).json()
    call("post", f"/contacts/{made['id']}/opt-out", {"detail": "電話で"})
    rows = {one["reason"]: one for one in call("get", "/suppressions").json()["items"]}
    assert call("delete", f"/suppressions/{rows['manual']['id']}?why=誤登録").status_code == 204
    assert call("delete", f"/suppressions/{rows['opt_out']['id']}?why=誤登録").status_code == 409


def test_somebody_saved_meanwhile(call: Callable[..., Any]) -> None:
    made = call("post", "/mails", {"name": "ご案内", "draft": SHORT_MAIL}).json()
    assert made["revision"] == 1
    values = {"name": "ご案内", "draft": {"subject": "一"}, "revision": 1}
    assert call("put", "/mails/M-1", values).json()["draft"]["text"] == SHORT_MAIL["text"], "what is left out stays"
    assert call("put", "/mails/M-1", values).status_code == 409


def test_archiving_takes_it_out_of_the_list(call: Callable[..., Any]) -> None:
    for path, draft in (("/segments", {"static": True}), ("/mails", SHORT_MAIL), ("/scenarios", {})):
        made = call("post", path, {"name": "x", "draft": draft}).json()
        assert call("delete", f"{path}/{made['public_id']}").status_code == 204
        assert call("get", path).json()["items"] == []
        assert call("get", f"{path}/{made['public_id']}").status_code == 200


def test_a_static_list_and_its_reasons(call: Callable[..., Any]) -> None:
    contact = call("post", "/contacts", {"email": "a@example.jp"}).json()["id"]
    call("post", "/segments", {"name": "名簿", "draft": {"static": True}})
    added = call("post", "/segments/G-1/members", {"addresses": ["a@example.jp", "b@example.jp"]}).json()
    assert added == {"added": 1, "unknown": ["b@example.jp"]}
    assert call("get", "/segments/G-1/count").json() == {"count": 1, "sample": [contact]}
    assert call("get", f"/segments/G-1/why/{contact}").json() == {"holds": True}


def test_a_file_comes_in(call: Callable[..., Any], person: Callable[[str], User]) -> None:
    secret = api_keys.make(name="取り込み", role="editor", by=person("administrator"), now=clock.now())[1]
    file = SimpleUploadedFile(
        "名簿.csv", "メールアドレス,姓,名\na@example.jp,佐藤,愛\nこわれた,鈴木,誠\n".encode("cp932")
    )
    headers = {"Authorization": f"Bearer {secret}"}
    made = Client().post("/api/v1/imports", {"file": file}, headers=headers)
    assert made.status_code == 201, made.json()
    where = f"/imports/{made.json()['id']}"
    assert made.json()["mapping"] == ["email", "family_name", "given_name"]
    assert call("post", f"{where}/set-up", {"mapping": ["email", "nonsense", ""]}).json()["where"] == "nonsense"
    assert call("post", f"{where}/set-up", {"mapping": ["email"]}).status_code == 409
    assert call("post", f"{where}/set-up", {"consent_ground": "business_card"}).json()["state"] == "checking"
    importing.check(import_id=made.json()["id"])
    assert call("post", f"{where}/run").json()["state"] == "running"
    importing.run(import_id=made.json()["id"])
    done = call("get", where).json()
    assert (done["rows"], done["created"], done["quarantined"]) == (2, 1, 1)
    row = call("get", f"{where}/quarantine").json()["items"][0]
    assert call("post", f"{where}/quarantine/{row['number']}", {"cells": ["x"]}).status_code == 422
    corrected = call("post", f"{where}/quarantine/{row['number']}", {"cells": ["b@example.jp", "鈴木", "誠"]})
    assert corrected.json()["quarantined"] == 0
    assert call("post", f"{where}/undo").json()["removed"] == 2


def test_relays_are_for_administrators_and_never_show_a_password(call: Callable[..., Any]) -> None:
    relay = {"name": "本番", "host": "smtp.example.jp", "username": "news", "password": "an open secret"}
    assert call("post", "/relays", relay).status_code == 403
    made = call("post", "/relays", relay, role="administrator")
    assert made.status_code == 201 and not made.json()["confirmed"]
    changed = call(
        "put", f"/relays/{made.json()['id']}", {**relay, "password": None, "port": 465}, role="administrator"
    )
    assert changed.json()["port"] == 465
    assert "an open secret" not in call("get", "/relays", role="administrator").content.decode()


def test_the_trail_names_the_key(call: Callable[..., Any]) -> None:
    call("post", "/segments", {"name": "x", "draft": {"static": True}})
    assert AuditEntry.objects.get(verb="create_content").actor_label.endswith("(API: publisher)")


def test_the_documentation_needs_no_foreign_host() -> None:
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    words = page.content.decode()
    assert "/api/v1/scenarios/{public_id}/publish" in words
    assert "https://" not in words and "//cdn" not in words

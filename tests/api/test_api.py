"""The API does what the interface does, for keys of a role, and says errors as problems."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.core import clock
from tests.delivery.conftest import MAIL

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(person: Callable[[str], User]) -> Callable[..., Any]:
    """call("post", "/contacts", {...}, role="editor")."""
    made: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, role: str = "publisher") -> Any:
        if role not in made:
            made[role] = api_keys.make(name=role, role=role, by=person(role), now=clock.now())[1]
        return getattr(Client(), method)(
            f"/api/v1{path}", body, content_type="application/json", headers={"Authorization": f"Bearer {made[role]}"}
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
        ("post", "/contacts", "not json", 400),
        ("get", "/dispatches/999", None, 404),
    ],
)
def test_errors_are_problems_with_a_place(
    call: Callable[..., Any], method: str, path: str, body: Any, status: int
) -> None:
    response = call(method, path, body)
    assert response.status_code == status
    assert response.json()["title"]


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
    mail = {**MAIL, "category": "operational"}
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

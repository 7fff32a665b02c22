"""Tags, custom fields and companies by the API: what the interface can do, a caller can."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.core.actors import SYSTEM
from tashika.people import bulk_tagging, contacts
from tashika.people.models import Company, Contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(editor: User, now: datetime) -> Any:
    headers = {"Authorization": f"Bearer {api_keys.make(name='基幹', role='editor', by=editor, now=now)[1]}"}

    def send(method: str, address: str, data: Any = None, status: int = 200) -> Any:
        more = {} if data is None else {"data": data, "content_type": "application/json"}
        response = getattr(Client(), method)(f"/api/v1{address}", headers=headers, **more)
        assert response.status_code == status, response.content
        return response.json()

    return send


@pytest.fixture
def three(now: datetime) -> list[Contact]:
    return [
        contacts.add(values={"email": f"{n}@example.jp", "company_name": name}, by=SYSTEM, now=now)
        for n, name in enumerate(("株式会社みらい", "株式会社みらい", "株式会社あした"))
    ]


def test_very_many_are_tagged_in_the_background(
    call: Any, three: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_tagging, "AT_ONCE", 2)
    tag = call("post", "/tags", {"name": "展示会"}, 201)["id"]
    begun = call("post", f"/tags/{tag}/put", {"everybody": True}, 202)
    assert begun["state"] == "running" and call("get", f"/tags/{tag}")["contacts"] == 0
    bulk_tagging.run(bulk_id=begun["id"])
    done = {"state": "finished", "planned": 3, "seen": 3, "changed": 3}
    assert call("get", f"/tags/bulk/{begun['id']}") == {**begun, **done}
    call("post", f"/tags/{tag}/take-off", {"everybody": True}, 202)


def test_tags_by_search_rename_merge_delete(call: Any, three: list[Contact]) -> None:
    old, new = (call("post", "/tags", {"name": name}, 201)["id"] for name in ("展示会", "見本市"))
    company = three[0].company_id
    assert call("post", f"/tags/{old}/put", {"company": company}) == {"contacts": 2}
    assert call("post", f"/tags/{new}/put", {"everybody": True}) == {"contacts": 3}
    assert call("post", f"/tags/{new}/put", {}, 422)["where"] == "everybody"
    assert call("post", f"/tags/{new}/take-off", {"q": "あした"}) == {"contacts": 1}
    assert call("patch", f"/tags/{old}", {"name": "展示会2026"})["name"] == "展示会2026"
    assert call("post", "/tags", {"name": "展示会"}, 201)["id"] == old
    assert call("get", f"/tags/{old}") == {
        "id": old, "name": "展示会2026", "contacts": 2, "former_names": ["展示会"], "segments": [],
    }  # fmt: skip
    assert call("post", f"/tags/{new}/merge", {"into": old}) == {"contacts": 0}
    assert [one["id"] for one in call("get", f"/contacts?tag={old}")["items"]] == [one.pk for one in three[:2]]
    assert call("delete", f"/tags/{old}") == {"contacts": 2}
    assert call("get", "/tags") == []


def test_fields_are_defined_changed_ordered_archived(call: Any, three: list[Contact]) -> None:
    call("post", "/fields", {"key": "plant", "label": "工場", "type": "text"}, 201)
    call("post", "/fields", {"key": "product", "label": "製品", "type": "choice", "choices": ["圧力計"]}, 201)
    assert call("patch", "/fields/product", {"choices": ["圧力計", "流量計"]})["choices"] == ["圧力計", "流量計"]
    assert [one["key"] for one in call("post", "/fields/order", {"keys": ["product"]})] == ["product", "plant"]
    call("patch", f"/contacts/{three[0].pk}", {"custom": {"plant": "第一"}})
    call("patch", f"/contacts/{three[0].pk}", {"custom": {"product": "流量計"}})
    assert call("get", f"/contacts/{three[0].pk}")["custom"] == {"plant": "第一", "product": "流量計"}
    assert call("get", "/fields/plant/uses") == {"contacts": 1, "segments": [], "mails": []}
    assert call("post", "/fields/plant/archive", {})["archived_at"]
    assert [one["key"] for one in call("get", "/fields")] == ["product"]
    assert [one["key"] for one in call("get", "/fields?archived=true")] == ["product", "plant"]
    assert call("post", "/fields/plant/bring-back", {})["archived_at"] is None
    assert call("patch", "/fields/none", {"label": "x"}, 404)["code"] == "not_found"


def test_companies_are_listed_renamed_joined(call: Any, three: list[Contact]) -> None:
    first = call("get", "/companies?limit=1")
    assert [(one["name"], one["contacts"]) for one in first["items"]] == [("株式会社あした", 1)]
    second = call("get", f"/companies?after={first['next']}")
    assert [(one["name"], one["contacts"]) for one in second["items"]] == [("株式会社みらい", 2)]
    one, other = three[0].company_id, three[2].company_id
    renamed = call("patch", f"/companies/{one}", {"name": "みらい計測㈱", "in_contacts": True})
    assert renamed == {"id": one, "name": "みらい計測㈱", "contacts": 2}
    assert call("get", f"/contacts/{three[0].pk}")["company_name"] == "みらい計測㈱"
    assert call("post", f"/companies/{other}/join", {"into": one}) == {"contacts": 1}
    assert call("get", f"/companies/{other}")["id"] == one
    assert Company.objects.filter(leads_to=None).count() == 1

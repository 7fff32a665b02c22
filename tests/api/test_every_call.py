"""What holds for every call of the API, taken from its own document."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.api.app import api
from tashika.api.urls import urlpatterns
from tashika.core import clock

pytestmark = pytest.mark.django_db
assert urlpatterns  # the routers are added there

_CALLS = [
    (method, address)
    for address, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
    if method in ("get", "post", "put", "patch", "delete")
]
_ANYBODY_MAY = {
    ("post", "/api/v1/emergency-stop"),
    ("post", "/api/v1/scenarios/{public_id}/unpublish"),
    ("post", "/api/v1/segments/count"),
    ("post", "/api/v1/mails/{public_id}/preview"),
}
_BODY = {
    "name": "x", "draft": {"static": True}, "rule": {}, "add": [], "addresses": [], "ground": "form", "cells": ["x"],
    "key": "x", "label": "x", "outgoing_addresses": "x", "type": "text", "host": "x", "mapping": [], "keys": [], "into": 1, "decisions": {}, "email": "a@example.jp",
    "verdict": "arrived", "act": "release", "reason": "x", "contacts": [],
}  # fmt: skip


def _filled(address: str, value: str) -> str:
    for name in (
        "public_id",
        "ref",
        "contact_id",
        "dispatch_id",
        "import_id",
        "tag_id",
        "company_id",
        "key",
        "suppression_id",
        "relay_id",
        "bounce_id",
        "key_id",
        "name",
        "number",
        "contact",
    ):
        address = address.replace("{" + name + "}", value)
    return address + "?address=a@example.jp&why=x"


def _key(role: str) -> dict[str, str]:
    maker = User.objects.create(
        email="maker@staff.example.jp", name="管理", role="administrator", created_at=clock.now()
    )
    secret = api_keys.make(name=role, role=role, by=maker, now=clock.now())[1]
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("method", "address"), _CALLS)
def test_no_call_without_a_key(method: str, address: str) -> None:
    send: Any = getattr(Client(), method)
    assert send(_filled(address, "1")).status_code == 401


@pytest.mark.parametrize(("method", "address"), [one for one in _CALLS if one[0] != "get" and one not in _ANYBODY_MAY])
def test_a_viewer_changes_nothing(method: str, address: str) -> None:
    send: Any = getattr(Client(raise_request_exception=False), method)
    if address == "/api/v1/imports":
        response = send(address, {"file": SimpleUploadedFile("a.csv", b"email\n")}, headers=_key("viewer"))
    else:
        response = send(_filled(address, "1"), _BODY, content_type="application/json", headers=_key("viewer"))
    assert response.status_code == 403, response.content


@pytest.mark.parametrize(("method", "address"), _CALLS)
def test_nothing_that_is_sent_breaks_a_call(method: str, address: str) -> None:
    headers = _key("administrator")
    send: Any = getattr(Client(raise_request_exception=False), method)
    bodies = [
        None, "", "{", "null", "[]", "{}", '"x"', '{"draft": "x"}', '{"name": "\\u0000"}', '{"name": "\\ud800"}',
        '{"name": "x", "draft": {"rule": {"op": "and", "rules": [[]]}}, "rule": {"field": 1}, "addresses": ["@"]}',
        '{"name": 1e999}', '{"name": ' + "9" * 5000 + "}",
    ]  # fmt: skip
    for value in ("1", "0", "-1", "x", "G-1", "%00", "%F0%9F%98%80", "9" * 40, "..%2f"):
        for body in bodies if value == "1" and method != "get" else [None]:
            more = {} if body is None else {"data": body, "content_type": "application/json"}
            response = send(_filled(address, value), headers=headers, **more)
            assert response.status_code < 500, (value, body, response.content)

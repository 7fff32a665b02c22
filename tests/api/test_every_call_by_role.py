"""Which key may make which call: every one of the API's own document, with a key of each role. Looking takes a viewer,
changing an editor, unless it stands here."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tashika.accounts.models import Role, User
from tashika.core import clock
from tests.api.test_every_call import _BODY, _CALLS, _filled, _key

pytestmark = pytest.mark.django_db

_RANK = [Role.VIEWER, Role.EDITOR, Role.PUBLISHER, Role.ADMINISTRATOR]
_OTHERWISE: dict[tuple[str, str], Role] = {
    # Stopping fails open: whoever sees may stop (G14). These two posts only look.
    ("post", "/emergency-stop"): Role.VIEWER,
    ("post", "/scenarios/{public_id}/unpublish"): Role.VIEWER,
    ("post", "/segments/count"): Role.VIEWER,
    ("post", "/mails/{public_id}/preview"): Role.VIEWER,
    # Lists of people leave the house.
    ("get", "/dispatches/{dispatch_id}/recipients"): Role.EDITOR,
    ("get", "/bounces"): Role.EDITOR,
    ("get", "/bounces/{bounce_id}"): Role.EDITOR,
    ("get", "/dispatches/{dispatch_id}/held"): Role.EDITOR,
    # Sending fails closed.
    ("post", "/dispatches/{dispatch_id}/held"): Role.PUBLISHER,
    ("delete", "/emergency-stop"): Role.PUBLISHER,
    ("post", "/dispatches/{dispatch_id}/settle"): Role.PUBLISHER,
    ("post", "/scenarios/{public_id}/publish"): Role.PUBLISHER,
    ("post", "/scenarios/{public_id}/start-late"): Role.PUBLISHER,
    # What decides by which way and in whose name mail leaves.
    ("get", "/relays"): Role.ADMINISTRATOR,
    ("post", "/relays"): Role.ADMINISTRATOR,
    ("put", "/relays/{relay_id}"): Role.ADMINISTRATOR,
    ("delete", "/relays/{relay_id}"): Role.ADMINISTRATOR,
    ("post", "/relays/{relay_id}/check"): Role.ADMINISTRATOR,
    ("get", "/bounce-settings"): Role.ADMINISTRATOR,
    ("patch", "/bounce-settings"): Role.ADMINISTRATOR,
    ("post", "/bounce-settings/check"): Role.ADMINISTRATOR,
    ("post", "/sending-domains"): Role.ADMINISTRATOR,
    ("put", "/sending-domains/{name}"): Role.ADMINISTRATOR,
    ("delete", "/sending-domains/{name}"): Role.ADMINISTRATOR,
    ("post", "/sending-domains/{name}/keys"): Role.ADMINISTRATOR,
    ("post", "/sending-domains/{name}/rotate"): Role.ADMINISTRATOR,
    ("post", "/dkim-keys/{key_id}/activate"): Role.ADMINISTRATOR,
    ("post", "/dkim-keys/{key_id}/retire"): Role.ADMINISTRATOR,
}


def _least(method: str, address: str) -> Role:
    usual = Role.VIEWER if method == "get" else Role.EDITOR
    return _OTHERWISE.get((method, address.removeprefix("/api/v1")), usual)


def _send(client: Client, method: str, address: str, headers: dict[str, str]) -> Any:
    if (method, address) == ("post", "/api/v1/imports"):
        return client.post(address, {"file": SimpleUploadedFile("a.csv", b"email\n")}, headers=headers)
    body = {} if method == "get" else {"data": _BODY, "content_type": "application/json"}
    return getattr(client, method)(_filled(address, "1"), headers=headers, **body)


def test_what_is_otherwise_exists() -> None:
    assert {(method, f"/api/v1{address}") for method, address in _OTHERWISE} <= set(_CALLS)


@pytest.mark.parametrize("role", _RANK)
def test_each_key_may_what_its_role_may(role: Role) -> None:
    client, headers, wrong = Client(raise_request_exception=False), _key(role), []
    for method, address in _CALLS:
        status = _send(client, method, address, headers).status_code
        may = _RANK.index(role) >= _RANK.index(_least(method, address))
        if may is (status == 403) or status in (401, 405) or status >= 500:
            wrong.append((method, address, status))
    assert not wrong, wrong


def test_a_person_who_is_logged_in_is_no_key() -> None:
    """A page of somebody else's could make a browser call: its cookie must open nothing here."""
    person = User.objects.create(email="a@staff.example.jp", name="管理", role="administrator", created_at=clock.now())
    client = Client()
    client.force_login(person)
    assert client.get("/contacts").status_code == 200
    statuses = {(method, address): _send(client, method, address, {}).status_code for method, address in _CALLS}
    assert set(statuses.values()) == {401}, statuses

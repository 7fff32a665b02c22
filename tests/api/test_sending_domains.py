"""Sending domains over the API."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.core import clock
from tests.fakes.dns_server import DnsServer, dns_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The name server that the installation asks."""
    with dns_server() as server:
        monkeypatch.setenv("TASHIKA_DNS_SERVER", server.address)
        yield server


def test_from_nothing_to_a_key_that_signs(dns: DnsServer, person: Callable[[str], User]) -> None:
    _, secret = api_keys.make(name="k", role="administrator", by=person("administrator"), now=clock.now())
    client, headers = Client(), {"Authorization": f"Bearer {secret}"}

    def call(method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        send = getattr(client, method)
        return send(f"/api/v1{address}", body or {}, content_type="application/json", headers=headers)

    assert call("post", "/sending-domains", {"name": "example.jp"}).status_code == 201
    changed = call("put", "/sending-domains/example.jp", {"outgoing_addresses": "198.51.100.10"}).json()
    assert changed["outgoing_addresses"] == "198.51.100.10"
    findings = call("post", "/sending-domains/example.jp/check").json()["findings"]
    assert {one["level"] for one in findings if one["subject"] == "dmarc"} == {"problem"}
    key = call("post", "/sending-domains/example.jp/keys", {"algorithm": "ed25519"}).json()
    refused = call("post", f"/dkim-keys/{key['id']}/activate")
    assert refused.status_code == 409 and refused.json()["code"] == "unable_to_keep_key"
    dns.write(f"{key['record_name']}. 60 IN TXT {key['record_quoted']}")
    assert call("post", f"/dkim-keys/{key['id']}/activate").json()["state"] == "active"
    assert [one["state"] for one in call("post", "/sending-domains/example.jp/rotate").json()] == ["made"]
    assert call("post", f"/dkim-keys/{key['id']}/retire").json()["state"] == "retired"
    assert len(client.get("/api/v1/sending-domains/example.jp/keys", headers=headers).json()) == 2
    (listed,) = client.get("/api/v1/sending-domains", headers=headers).json()
    assert listed["level"] == "problem"
    assert call("delete", "/sending-domains/example.jp").status_code == 204
    assert client.get("/api/v1/sending-domains", headers=headers).json() == []
    assert call("post", "/sending-domains/example.jp/check").status_code == 404

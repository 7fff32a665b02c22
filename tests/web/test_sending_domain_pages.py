"""The sending domains' pages: what a person sees and may do."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from tests.fakes.dns_server import DnsServer, dns_server

from tashika.accounts.models import User
from tashika.delivery import tasks
from tashika.delivery.models import DkimKey, SendingDomain

pytestmark = pytest.mark.django_db
PAGE = "/settings/sending-domains/example.jp"


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The name server that the installation asks."""
    with dns_server() as server:
        monkeypatch.setenv("TASHIKA_DNS_SERVER", server.address)
        yield server


@pytest.fixture
def client(person: Callable[[str], User]) -> Client:
    """An administrator at the desk."""
    found = Client()
    found.force_login(person("administrator"))
    return found


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_domain_is_added_checked_and_its_key_activated(client: Client, dns: DnsServer) -> None:
    added = client.post("/settings/sending-domains/add", {"name": "example.jp"})
    assert added["Location"] == PAGE
    assert "DNSを確認しています" in text(client, PAGE)
    assert 'hx-trigger="load delay:1s"' in text(client, f"{PAGE}/check-part")
    tasks.check_sender(SendingDomain.objects.get().pk)
    page = text(client, f"{PAGE}/check-part")
    assert "hx-trigger" not in page and "SPFレコードがありません。" in page and "v=spf1 mx ~all" in page

    client.post(f"{PAGE}/keys", {"algorithm": "both"})
    keys = list(DkimKey.objects.order_by("pk"))
    assert [key.algorithm for key in keys] == ["rsa2048", "ed25519"]
    page = text(client, PAGE)
    for key in keys:
        assert f"{key.selector}._domainkey.example.jp" in page
    refused = client.post(f"/settings/sending-domains/keys/{keys[1].pk}", {"act": "activate"}, follow=True)
    assert "DNSにまだこの鍵がありません。" in refused.content.decode()
    client.post(f"/settings/sending-domains/keys/{keys[1].pk}", {"act": "activate_unseen"})
    assert DkimKey.objects.get(pk=keys[1].pk).state == "active"
    client.post(f"{PAGE}/keys", {"algorithm": "rotate"})
    assert DkimKey.objects.filter(algorithm="ed25519").count() == 2
    client.post(f"/settings/sending-domains/keys/{keys[1].pk}", {"act": "retire"})
    assert "まで残す" in text(client, PAGE)


def test_what_is_no_address_is_refused_in_words(client: Client, dns: DnsServer) -> None:
    client.post("/settings/sending-domains/add", {"name": "example.jp"})
    answer = client.post(f"{PAGE}/change", {"outgoing_addresses": "somewhere"}, follow=True)
    assert "IPアドレスではないものがあります。" in answer.content.decode()
    client.post(f"{PAGE}/change", {"outgoing_addresses": "198.51.100.10, 2001:db8::1"})
    assert SendingDomain.objects.get().outgoing_addresses == "198.51.100.10 2001:db8::1"


def test_a_viewer_sees_and_changes_nothing(client: Client, dns: DnsServer, person: Callable[[str], User]) -> None:
    client.post("/settings/sending-domains/add", {"name": "example.jp"})
    viewer = Client()
    viewer.force_login(person("viewer"))
    page = text(viewer, PAGE)
    assert '<form method="post" action="/settings/sending-domains' not in page
    for address in (f"{PAGE}/check", f"{PAGE}/change", f"{PAGE}/keys", "/settings/sending-domains/add"):
        assert viewer.post(address, {"name": "x.example.jp", "algorithm": "rsa2048"}).status_code == 403
    assert SendingDomain.objects.count() == 1 and not DkimKey.objects.exists()


def test_a_check_that_nobody_makes_says_so(client: Client, dns: DnsServer) -> None:
    client.post("/settings/sending-domains/add", {"name": "example.jp"})
    domain = SendingDomain.objects.get()
    assert domain.check_asked_at
    domain.check_asked_at = domain.check_asked_at.replace(year=2020)
    domain.save(update_fields=["check_asked_at"])
    assert "worker が動いているか" in text(client, PAGE)


def test_english(client: Client, dns: DnsServer) -> None:
    client.post("/settings/sending-domains/add", {"name": "example.jp"})
    tasks.check_sender(SendingDomain.objects.get().pk)
    client.post("/language", {"language": "en", "next": "/"})
    page = text(client, PAGE)
    assert "There is no SPF record." in page and "Check again" in page

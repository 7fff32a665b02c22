"""`tashika domains` and `tashika dkim`."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tashika.accounts.models import User
from tashika.cli import main
from tests.fakes.dns_server import DnsServer, dns_server

pytestmark = pytest.mark.django_db(transaction=True)
Tashika = Callable[..., tuple[int, Any]]


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The name server that the installation asks."""
    with dns_server() as server:
        monkeypatch.setenv("TASHIKA_DNS_SERVER", server.address)
        yield server


@pytest.fixture
def tashika(
    person: Callable[[str], User], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tashika:
    """Runs `tashika WORDS --json`: the status and the answer."""
    person("administrator")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    def run(*words: str) -> tuple[int, Any]:
        status = main.main([*words, "--json"])
        out = capsys.readouterr().out
        return status, json.loads(out) if out else None

    return run


def test_from_nothing_to_a_key_that_signs(tashika: Tashika, dns: DnsServer) -> None:
    assert tashika("domains", "add", "example.jp") == (0, {"added": "example.jp"})
    status, answer = tashika("domains", "check", "example.jp")
    assert status == 1
    assert {one["subject"] for one in answer["findings"]} == {"spf", "dkim", "dmarc", "ptr", "mx", "one_click"}
    _, (key,) = tashika("dkim", "make", "example.jp")
    assert key["state"] == "made" and key["record_value"].startswith("v=DKIM1; k=rsa; p=")
    assert tashika("dkim", "activate", "example.jp", key["selector"]) == (2, None)
    dns.write(f"{key['record_name']}. 60 IN TXT {key['record_quoted']}")
    status, (active,) = tashika("dkim", "activate", "example.jp", key["selector"])
    assert (status, active["state"]) == (0, "active")
    _, (successor,) = tashika("dkim", "rotate", "example.jp")
    _, found = tashika("dkim", "list", "example.jp")
    assert {one["selector"] for one in found} == {key["selector"], successor["selector"]}
    assert tashika("dkim", "retire", "example.jp", key["selector"]) == (2, None), "nobody to ask, no --yes"
    _, (gone,) = tashika("dkim", "retire", "example.jp", key["selector"], "--yes")
    assert gone["state"] == "retired"
    assert tashika("dkim", "activate", "example.jp", "nowhere") == (2, None)


def test_addresses_and_the_list(tashika: Tashika, dns: DnsServer) -> None:
    tashika("domains", "add", "example.jp")
    assert tashika("domains", "addresses", "example.jp", "198.51.100.10")[1] == {"example.jp": "198.51.100.10"}
    assert tashika("domains")[1] == {"example.jp": "unknown"}
    tashika("domains", "archive", "example.jp")
    assert tashika("domains")[1] == {}
    assert tashika("domains", "check", "example.jp") == (2, None)

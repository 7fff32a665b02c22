"""DMARC's tree walk (RFC 9989 4.10) and alignment, over real DNS answers."""

import pytest

from tashika.delivery.sender_check import dmarc
from tashika.delivery.sender_check.dns_lookup import Lookup
from tests.fakes.dns_server import DnsServer


def publish(dns: DnsServer, name: str, text: str) -> None:
    dns.write(f'_dmarc.{name}. 60 IN TXT "{text}"')


def test_the_domains_own_record_counts(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "news.example.jp", "v=DMARC1; p=reject")
    publish(dns, "example.jp", "v=DMARC1; p=none; sp=quarantine")
    found = dmarc.walk("news.example.jp", lookup)
    assert found.policy and found.policy.asked("news.example.jp") == "reject"
    assert found.organisation == "example.jp"


def test_a_subdomain_without_one_takes_the_organisations(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "example.jp", "v=DMARC1; p=none; sp=quarantine")
    found = dmarc.walk("a.news.example.jp", lookup)
    assert found.policy and found.policy.asked("a.news.example.jp") == "quarantine"


def test_a_public_suffix_ends_the_walk(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "co.example", "v=DMARC1; psd=y; p=reject")
    publish(dns, "example", "v=DMARC1; p=none")
    assert dmarc.walk("news.mirai.co.example", lookup).organisation == "mirai.co.example"


def test_an_organisation_may_say_that_it_is_one(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "news.example.jp", "v=DMARC1; psd=n; p=reject")
    publish(dns, "example.jp", "v=DMARC1; p=none")
    assert dmarc.walk("a.news.example.jp", lookup).organisation == "news.example.jp"
    assert not dmarc.aligned("news.example.jp", "example.jp", strict=False, lookup=lookup)


def test_several_records_are_none(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "example.jp", "v=DMARC1; p=none")
    publish(dns, "example.jp", "v=DMARC1; p=reject")
    found = dmarc.walk("example.jp", lookup)
    assert found.policy is None and found.several == ("example.jp",)


def test_what_is_no_record_is_passed_over(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "example.jp", "google-site-verification=x")
    publish(dns, "example.jp", "p=reject; v=DMARC1")
    assert dmarc.walk("example.jp", lookup).policy is None


@pytest.mark.parametrize(
    ("one", "other", "strict", "expected"),
    [
        ("example.jp", "example.jp", True, True),
        ("news.example.jp", "bounce.example.jp", False, True),
        ("news.example.jp", "example.jp", True, False),
        ("example.jp", "example.com", False, False),
    ],
)
def test_alignment(dns: DnsServer, lookup: Lookup, one: str, other: str, strict: bool, expected: bool) -> None:
    publish(dns, "example.jp", "v=DMARC1; p=none")
    assert dmarc.aligned(one, other, strict=strict, lookup=lookup) is expected


def test_a_very_long_name_costs_eight_questions(dns: DnsServer, lookup: Lookup) -> None:
    dmarc.walk(".".join("abcdefghijklm") + ".example.jp", lookup)
    assert len(dns.asked) == 8
    assert dns.asked[1] == "_dmarc.i.j.k.l.m.example.jp"

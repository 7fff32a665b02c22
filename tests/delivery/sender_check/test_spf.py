"""SPF as RFC 7208 has it, over real DNS answers."""

import pytest

from tashika.delivery.sender_check import spf
from tashika.delivery.sender_check.dns_lookup import Lookup
from tests.fakes.dns_server import DnsServer


def result(lookup: Lookup, address: str, domain: str = "example.jp") -> str:
    return spf.evaluate(address=address, domain=domain, lookup=lookup).result


def publish(dns: DnsServer, text: str, name: str = "example.jp") -> None:
    dns.write(f'{name}. 60 IN TXT "{text}"')


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        ("v=spf1 ip4:198.51.100.7 -all", "198.51.100.7", "pass"),
        ("v=spf1 ip4:198.51.100.7 -all", "198.51.100.8", "fail"),
        ("v=spf1 ip4:198.51.100.0/24 ~all", "198.51.100.8", "pass"),
        ("v=spf1 ip4:198.51.100.0/24 ~all", "203.0.113.1", "softfail"),
        ("v=spf1 ip4:198.51.100.0/24 ?all", "203.0.113.1", "neutral"),
        ("v=spf1 ip4:198.51.100.0/24", "203.0.113.1", "neutral"),
        ("V=SPF1 IP4:198.51.100.7 -ALL", "198.51.100.7", "pass"),
        ("v=spf1 -ip4:198.51.100.7 +all", "198.51.100.7", "fail"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::25", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "198.51.100.7", "fail"),
        ("v=spf1 a -all", "198.51.100.10", "pass"),
        ("v=spf1 a/24 -all", "198.51.100.99", "pass"),
        ("v=spf1 a:host.example.jp -all", "198.51.100.11", "pass"),
        ("v=spf1 a//64 -all", "2001:db8::99", "pass"),
        ("v=spf1 a -all", "2001:db8::99", "fail"),
        ("v=spf1 mx -all", "198.51.100.11", "pass"),
        ("v=spf1 mx:example.jp -all", "198.51.100.12", "fail"),
        ("v=spf1 include:_spf.example.jp -all", "203.0.113.5", "pass"),
        ("v=spf1 include:_spf.example.jp -all", "203.0.113.6", "fail"),
        ("v=spf1 redirect=_spf.example.jp", "203.0.113.5", "pass"),
        ("v=spf1 redirect=_spf.example.jp", "203.0.113.6", "softfail"),
        ("v=spf1 exists:%{ir}.list.example.jp -all", "198.51.100.13", "pass"),
        ("v=spf1 exists:%{ir}.list.example.jp -all", "198.51.100.14", "fail"),
        ("v=spf1 exists:%{l}.%{d2}.list.example.jp -all", "198.51.100.14", "pass"),
        ("v=spf1 exp=why.example.jp -all", "198.51.100.14", "fail"),
        ("v=spf1 ip4:198.51.100.7/33 -all", "198.51.100.7", "permerror"),
        ("v=spf1 ip4:2001:db8::1 -all", "198.51.100.7", "permerror"),
        ("v=spf1 ip4:198.51.100.7 -all ip4", "198.51.100.7", "permerror"),
        ("v=spf1 include: -all", "198.51.100.7", "permerror"),
        ("v=spf1 include:none.example.jp -all", "198.51.100.7", "permerror"),
        ("v=spf1 redirect=none.example.jp", "198.51.100.7", "permerror"),
        ("v=spf1 all:example.jp", "198.51.100.7", "permerror"),
        ("v=spf1 exists:%{q}.example.jp -all", "198.51.100.7", "permerror"),
        ("v=spf1 a:x1.example.jp a:x2.example.jp a:x3.example.jp -all", "198.51.100.7", "permerror"),
        ("v=spf10 +all", "198.51.100.7", "none"),
        ("v=spf1 include:loop.example.jp -all", "198.51.100.7", "permerror"),
    ],
)
def test_results(dns: DnsServer, lookup: Lookup, text: str, address: str, expected: str) -> None:
    publish(dns, text)
    publish(dns, "v=spf1 ip4:203.0.113.5 ~all", "_spf.example.jp")
    publish(dns, "v=spf1 include:loop.example.jp -all", "loop.example.jp")
    dns.write(
        "example.jp. 60 IN A 198.51.100.10\n"
        "example.jp. 60 IN AAAA 2001:db8::1\n"
        "example.jp. 60 IN MX 10 host.example.jp.\n"
        "host.example.jp. 60 IN A 198.51.100.11\n"
        "13.100.51.198.list.example.jp. 60 IN A 127.0.0.2\n"
        "postmaster.example.jp.list.example.jp. 60 IN A 127.0.0.2\n"
    )
    assert result(lookup, address) == expected


def test_ten_look_ups_are_allowed_and_no_more(dns: DnsServer, lookup: Lookup) -> None:
    for number in range(12):
        publish(dns, "v=spf1 ip4:203.0.113.5 ~all", f"s{number}.example.jp")
    ten = " ".join(f"include:s{number}.example.jp" for number in range(10))
    publish(dns, f"v=spf1 {ten} -all", "ten.example.jp")
    publish(dns, f"v=spf1 {ten} include:s10.example.jp -all", "eleven.example.jp")
    assert spf.evaluate(address="198.51.100.7", domain="ten.example.jp", lookup=lookup) == spf.Outcome("fail", 10)
    assert result(lookup, "198.51.100.7", "eleven.example.jp") == "permerror"


def test_two_records_are_an_error(dns: DnsServer, lookup: Lookup) -> None:
    publish(dns, "v=spf1 -all")
    publish(dns, "v=spf1 +all")
    publish(dns, "something else")
    assert result(lookup, "198.51.100.7") == "permerror"


def test_a_record_in_several_strings_is_one(dns: DnsServer, lookup: Lookup) -> None:
    dns.write('example.jp. 60 IN TXT "v=spf1 ip4:198.51" ".100.7 -all"')
    assert result(lookup, "198.51.100.7") == "pass"


def test_a_broken_server_is_not_taken_for_no_record(dns: DnsServer, lookup: Lookup) -> None:
    dns.failing.add("example.jp")
    assert result(lookup, "198.51.100.7") == "temperror"


def test_no_domain_no_record(dns: DnsServer, lookup: Lookup) -> None:
    assert result(lookup, "198.51.100.7", "nowhere.example.jp") == "none"

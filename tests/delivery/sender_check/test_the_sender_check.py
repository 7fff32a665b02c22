"""The whole check over zones that are right and zones that are broken."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.accounts.models import User
from tashika.delivery import sending_domains, tasks
from tashika.delivery.bounces.models import BounceSettings
from tashika.delivery.dkim import keeping
from tashika.delivery.models import Relay, SenderCheck, SendingDomain
from tashika.delivery.sender_check import checking
from tashika.delivery.sender_check.dns_lookup import Lookup
from tests.fakes.dns_server import DnsServer

pytestmark = pytest.mark.django_db

GOOD = """
example.jp. 60 IN TXT "v=spf1 ip4:198.51.100.10 -all"
example.jp. 60 IN MX 10 mx.example.jp.
mx.example.jp. 60 IN A 198.51.100.20
_dmarc.example.jp. 60 IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.jp"
10.100.51.198.in-addr.arpa. 60 IN PTR out.example.jp.
out.example.jp. 60 IN A 198.51.100.10
"""


@pytest.fixture
def administrator(person: Callable[[str], User]) -> User:
    return person("administrator")


@pytest.fixture
def domain(administrator: User, now: datetime) -> SendingDomain:
    """example.jp, whose mail leaves from 198.51.100.10."""
    made = sending_domains.add(name="Example.JP", by=administrator, now=now)
    sending_domains.set_outgoing_addresses(made, addresses="198.51.100.10", by=administrator, now=now)
    return made


def levels(domain: SendingDomain, lookup: Lookup, now: datetime) -> dict[str, set[str]]:
    """The levels by subject, less one-click, which asks no name server."""
    found: dict[str, set[str]] = {}
    for finding in checking.examine(checking.looked_at(domain, lookup=lookup, now=now)):
        found.setdefault(finding.subject, set()).add(finding.level)
    del found["one_click"]
    return found


def with_key(domain: SendingDomain, dns: DnsServer, by: User, now: datetime) -> None:
    key = keeping.make(domain=domain, algorithm="rsa2048", by=by, now=now)
    publish_key(dns, str(key), keeping.record_text(key))
    keeping.activate(key, by=by, now=now, lookup=Lookup(server=dns.address))


def publish_key(dns: DnsServer, name: str, text: str) -> None:
    parts = " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))
    dns.write(f"{name}. 60 IN TXT {parts}")


def test_a_domain_that_is_right(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    dns.write(GOOD)
    with_key(domain, dns, administrator, now)
    assert levels(domain, lookup, now) == {one: {"ok"} for one in ("spf", "dkim", "dmarc", "ptr", "mx")}


def test_a_domain_with_nothing(domain: SendingDomain, lookup: Lookup, now: datetime) -> None:
    assert levels(domain, lookup, now) == {
        "spf": {"problem"},
        "dkim": {"warning"},
        "dmarc": {"problem"},
        "ptr": {"problem"},
        "mx": {"problem"},
    }


@pytest.mark.parametrize(
    ("old", "new", "subject", "level"),
    [
        ("ip4:198.51.100.10 -all", "ip4:198.51.100.11 -all", "spf", "problem"),
        ("ip4:198.51.100.10 -all", "+all", "spf", "problem"),
        ("ip4:198.51.100.10 -all", "include:nowhere.example.jp ip4:198.51.100.10 -all", "spf", "problem"),
        ("p=reject; ", "p=none; ", "dmarc", "warning"),
        ("; rua=mailto:d@example.jp", "", "dmarc", "warning"),
        ("v=DMARC1", "v=DMARC2", "dmarc", "problem"),
        ("PTR out.example.jp.", "PTR other.example.jp.", "ptr", "problem"),
        ("10.100.51.198", "11.100.51.198", "ptr", "problem"),
        ("10 mx.example.jp.", "0 .", "mx", "problem"),
        ("10 mx.example.jp.", "10 gone.example.jp.", "mx", "problem"),
        ("example.jp. 60 IN MX 10 mx.example.jp.", "example.jp. 60 IN A 198.51.100.20", "mx", "warning"),
    ],
)
def test_one_thing_is_broken(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, now: datetime, old: str, new: str, subject: str, level: str
) -> None:
    assert old in GOOD
    dns.write(GOOD.replace(old, new))
    found = levels(domain, lookup, now)
    assert level in found.pop(subject)
    found.pop("dkim")
    assert set().union(*found.values()) == {"ok"}


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (lambda text: text.replace("v=DKIM1; ", ""), "ok"),
        (lambda text: text + "; t=y", "warning"),
        (lambda text: text[: text.index("p=")] + "p=", "problem"),
        (lambda text: text.replace("MII", "MIA", 1), "problem"),
        (lambda text: text.replace("k=rsa", "k=rsa; h=sha1"), "problem"),
        (lambda text: "nonsense", "problem"),
    ],
)
def test_key_records(
    domain: SendingDomain,
    dns: DnsServer,
    lookup: Lookup,
    administrator: User,
    now: datetime,
    change: Callable[[str], str],
    level: str,
) -> None:
    key = keeping.make(domain=domain, algorithm="rsa2048", by=administrator, now=now)
    keeping.activate(key, by=administrator, now=now, lookup=lookup, unseen=True)
    publish_key(dns, str(key), change(keeping.record_text(key)))
    assert levels(domain, lookup, now)["dkim"] == {level}


def test_a_retired_keys_record_has_to_stay_for_a_week(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    with_key(domain, dns, administrator, now)
    key = domain.keys.get()
    keeping.retire(key, by=administrator, now=now)
    at = checking.looked_at(domain, lookup=lookup, now=now)
    assert [one.record_name for one in at.retired] == [str(key)]
    assert checking.looked_at(domain, lookup=lookup, now=now + timedelta(days=8)).retired == ()


def test_a_silent_server_means_that_it_cant_be_told(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, now: datetime
) -> None:
    dns.failing |= {"example.jp", "_dmarc.example.jp", "10.100.51.198.in-addr.arpa"}
    found = levels(domain, lookup, now)
    assert found["spf"] == found["dmarc"] == found["ptr"] == found["mx"] == {"unknown"}


def test_nobody_listens_and_it_ends_in_time(domain: SendingDomain, now: datetime) -> None:
    lookup = Lookup(server="127.0.0.1:1", seconds=1.0)
    assert levels(domain, lookup, now)["spf"] == {"unknown"}


def test_the_relays_own_address_is_only_a_guess(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    Relay.objects.create(
        name="r", host="smtp.example.jp", port=587, is_default=True, confirmed_at=now, created_at=now, security="tls"
    )
    dns.write(GOOD + "smtp.example.jp. 60 IN A 198.51.100.99\n")
    sending_domains.set_outgoing_addresses(domain, addresses="", by=administrator, now=now)
    found = levels(domain, lookup, now)
    assert (found["spf"], found["ptr"]) == ({"warning"}, {"warning"})


def test_a_relay_in_our_own_network_says_nothing_of_the_outgoing_address(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    Relay.objects.create(
        name="r", host="smtp.example.jp", port=587, is_default=True, confirmed_at=now, created_at=now, security="tls"
    )
    dns.write(GOOD + "smtp.example.jp. 60 IN A 192.168.1.5\n")
    sending_domains.set_outgoing_addresses(domain, addresses="", by=administrator, now=now)
    found = levels(domain, lookup, now)
    assert (found["spf"], found["ptr"]) == ({"unknown"}, {"unknown"})


def test_spf_and_bounces_are_those_of_the_return_path(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, now: datetime
) -> None:
    BounceSettings.objects.create(pk=1, return_path="bounce@return.example.jp")
    dns.write(GOOD)
    found = levels(domain, lookup, now)
    assert found["spf"] == {"problem"}
    assert found["mx"] == {"ok", "problem"}
    assert found["dmarc"] == {"ok"}  # one organisation: relaxed alignment
    dns.write(
        'return.example.jp. 60 IN TXT "v=spf1 ip4:198.51.100.10 -all"\nreturn.example.jp. 60 IN MX 10 mx.example.jp.'
    )
    found = levels(domain, Lookup(server=dns.address), now)
    assert found["spf"] == found["mx"] == {"ok"}


def test_a_strange_return_path_leaves_it_to_dkim(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, now: datetime
) -> None:
    BounceSettings.objects.create(pk=1, return_path="bounce@mail.example.com")
    dns.write(GOOD)
    assert levels(domain, lookup, now)["dmarc"] == {"ok", "problem"}


def test_the_job_keeps_what_it_found(
    domain: SendingDomain, dns: DnsServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASHIKA_DNS_SERVER", dns.address)
    dns.write(GOOD)
    tasks.check_sender(domain.pk)
    kept = SenderCheck.objects.get(domain=domain)
    spf = next(one for one in kept.findings if one["subject"] == "spf")
    assert spf["level"] == "ok" and "198.51.100.10" in spf["what"]["ja"] and "198.51.100.10" in spf["what"]["en"]
    assert spf["shown"] == ["v=spf1 ip4:198.51.100.10 -all"]


def test_the_record_to_copy_mends_it(domain: SendingDomain, dns: DnsServer, lookup: Lookup, now: datetime) -> None:
    domain.outgoing_addresses = "198.51.100.10 2001:db8::10"
    dns.write(GOOD.replace("ip4:198.51.100.10", "ip4:198.51.100.77"))
    at = checking.looked_at(domain, lookup=lookup, now=now)
    (record,) = [one.record for one in checking.examine(at) if one.subject == "spf" and one.record]
    dns.forget()
    dns.write(GOOD.replace("v=spf1 ip4:198.51.100.10 -all", record.value))
    assert levels(domain, Lookup(server=dns.address), now)["spf"] == {"ok"}

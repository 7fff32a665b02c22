"""Keys: made, shown, activated, rotated, retired; who signs for a From domain."""

from collections.abc import Callable
from datetime import datetime

import dkim as verifier
import pytest
from django.db import IntegrityError, transaction

from tashika.accounts.models import User
from tashika.core import sealing
from tashika.core.errors import NotAllowed
from tashika.core.models import AuditEntry
from tashika.delivery import sending_domains
from tashika.delivery.dkim import keeping, keys, signers
from tashika.delivery.dkim.signing import Both
from tashika.delivery.models import DkimKey, SendingDomain
from tashika.delivery.sender_check.dns_lookup import Lookup
from tests.delivery.dkim.messages import MESSAGE
from tests.fakes.dns_server import DnsServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    signers.forget()


@pytest.fixture
def administrator(person: Callable[[str], User]) -> User:
    return person("administrator")


@pytest.fixture
def domain(administrator: User, now: datetime) -> SendingDomain:
    return sending_domains.add(name="example.jp", by=administrator, now=now)


def published(dns: DnsServer, key: DkimKey) -> None:
    dns.write(f"{key}. 60 IN TXT {keys.in_strings(keeping.record_text(key))}")


def active(domain: SendingDomain, algorithm: str, by: User, now: datetime, lookup: Lookup) -> DkimKey:
    key = keeping.make(domain=domain, algorithm=algorithm, by=by, now=now)
    keeping.activate(key, by=by, now=now, lookup=lookup, unseen=True)
    signers.forget()
    return key


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_what_is_signed_holds_against_the_record_shown(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime, algorithm: str
) -> None:
    key = keeping.make(domain=domain, algorithm=algorithm, by=administrator, now=now)
    assert signers.signer_for("example.jp") is None
    published(dns, key)
    keeping.activate(key, by=administrator, now=now, lookup=lookup)
    signers.forget()
    signer = signers.signer_for("example.jp")
    assert signer is not None

    def record(name: bytes, timeout: int = 5) -> bytes:
        return lookup.txt(name.decode())[0].encode()

    assert verifier.DKIM(signer.sign(MESSAGE)).verify(dnsfunc=record)


def test_a_record_is_split_into_strings_that_join_again() -> None:
    text = "v=DKIM1; k=rsa; p=" + "A" * 392
    parts = keys.in_strings(text).strip('"').split('" "')
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 255


def test_no_key_is_active_before_the_dns_shows_it(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    key = keeping.make(domain=domain, algorithm="rsa2048", by=administrator, now=now)
    with pytest.raises(keeping.UnableToKeepKey, match="まだ"):
        keeping.activate(key, by=administrator, now=now, lookup=lookup)
    other = keeping.make(domain=domain, algorithm="rsa2048", by=administrator, now=now)
    dns.write(f"{key}. 60 IN TXT {keys.in_strings(keeping.record_text(other))}")
    with pytest.raises(keeping.UnableToKeepKey, match="別の鍵"):
        keeping.activate(key, by=administrator, now=now, lookup=Lookup(server=dns.address))
    dns.failing.add(str(key))
    with pytest.raises(keeping.UnableToKeepKey, match="応答"):
        keeping.activate(key, by=administrator, now=now, lookup=Lookup(server=dns.address))
    assert not DkimKey.objects.exclude(activated_at=None).exists()


def test_a_persons_word_is_on_record(domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime) -> None:
    active(domain, "rsa2048", administrator, now, lookup)
    entry = AuditEntry.objects.get(verb="activate_dkim_key")
    assert entry.detail["unseen"] is True
    assert "private" not in str(entry.detail)


def test_rotation_hands_over_without_a_gap(
    domain: SendingDomain, dns: DnsServer, lookup: Lookup, administrator: User, now: datetime
) -> None:
    old = active(domain, "rsa2048", administrator, now, lookup)
    (new,) = keeping.rotate(domain=domain, by=administrator, now=now)
    assert new.selector != old.selector
    assert f"s={old.selector};".encode() in signers.signer_for("example.jp").sign(MESSAGE)  # type: ignore[union-attr]
    published(dns, new)
    keeping.activate(new, by=administrator, now=now, lookup=lookup)
    signers.forget()
    assert f"s={new.selector};".encode() in signers.signer_for("example.jp").sign(MESSAGE)  # type: ignore[union-attr]
    old.refresh_from_db()
    assert old.state == "retired" and bytes(old.private_sealed) == b""


def test_both_algorithms_sign_side_by_side(
    domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime
) -> None:
    for algorithm in keys.ALGORITHMS:
        active(domain, algorithm, administrator, now, lookup)
    signer = signers.signer_for("example.jp")
    assert isinstance(signer, Both)
    assert signer.sign(MESSAGE).count(b"DKIM-Signature: ") == 2


def test_a_subdomain_is_signed_by_its_parent_unless_it_has_its_own(
    domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime
) -> None:
    active(domain, "ed25519", administrator, now, lookup)
    assert b"d=example.jp;" in signers.signer_for("news.example.jp").sign(MESSAGE)  # type: ignore[union-attr]
    own = sending_domains.add(name="news.example.jp", by=administrator, now=now)
    active(own, "ed25519", administrator, now, lookup)
    assert b"d=news.example.jp;" in signers.signer_for("news.example.jp").sign(MESSAGE)  # type: ignore[union-attr]
    assert signers.signer_for("notexample.jp") is None
    assert signers.signer_for("localhost") is None


def test_nothing_signs_after_retirement_or_archiving(
    domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime
) -> None:
    key = active(domain, "ed25519", administrator, now, lookup)
    sending_domains.archive(domain, by=administrator, now=now)
    signers.forget()
    assert signers.signer_for("example.jp") is None
    sending_domains.add(name="example.jp", by=administrator, now=now)
    signers.forget()
    assert signers.signer_for("example.jp") is not None
    keeping.retire(key, by=administrator, now=now)
    signers.forget()
    assert signers.signer_for("example.jp") is None
    with pytest.raises(keeping.UnableToKeepKey):
        keeping.activate(key, by=administrator, now=now, lookup=lookup, unseen=True)


def test_the_secret_is_sealed_and_another_secret_key_opens_nothing(
    domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime, settings: object
) -> None:
    key = active(domain, "ed25519", administrator, now, lookup)
    assert b"PRIVATE" not in bytes(DkimKey.objects.get(pk=key.pk).private_sealed)
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    signers.forget()
    with pytest.raises(sealing.UnableToUnseal):
        signers.signer_for("example.jp")


def test_the_database_allows_one_active_key_of_an_algorithm(
    domain: SendingDomain, lookup: Lookup, administrator: User, now: datetime
) -> None:
    active(domain, "ed25519", administrator, now, lookup)
    second = keeping.make(domain=domain, algorithm="ed25519", by=administrator, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        DkimKey.objects.filter(pk=second.pk).update(activated_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        DkimKey.objects.filter(pk=second.pk).update(retired_at=now)


def test_only_administrators_touch_keys(domain: SendingDomain, publisher: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        keeping.make(domain=domain, algorithm="ed25519", by=publisher, now=now)


@pytest.mark.parametrize("name", ["", "localhost", "a b.jp", "198.51.100.7", "-a.jp"])
def test_what_is_no_domain_is_refused(administrator: User, now: datetime, name: str) -> None:
    with pytest.raises(sending_domains.UnableToSetUpDomain):
        sending_domains.add(name=name, by=administrator, now=now)


def test_names_in_japanese_are_kept_in_their_ascii_form(administrator: User, now: datetime) -> None:
    assert sending_domains.add(name="news@日本語.jp", by=administrator, now=now).name == "xn--wgv71a119e.jp"

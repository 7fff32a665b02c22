"""Sending domains: the sender's check and the signing keys. Looking takes `see`; changing is for administrators."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.core import clock
from tashika.delivery import sending_domains
from tashika.delivery.dkim import keeping, keys
from tashika.delivery.models import DkimKey, SenderCheck, SendingDomain
from tashika.delivery.sender_check import checking, queries

router = Router(tags=["sending domains"])


class DomainIn(Schema):
    """A domain that stands in our mails' From."""

    name: str = Field(max_length=253)


class DomainChange(Schema):
    """IP addresses that mail leaves from, by spaces; empty: those of the relay's host name."""

    outgoing_addresses: str = Field(max_length=500)


class DomainOut(Schema):
    """A sending domain with the worst level of its newest check: problem, warning, unknown or ok."""

    name: str
    outgoing_addresses: str
    level: str
    checked_at: datetime | None

    @staticmethod
    def of(domain: SendingDomain) -> "DomainOut":
        """As it is now."""
        found = queries.checked(domain, now=clock.now())
        return DomainOut(
            name=domain.name,
            outgoing_addresses=domain.outgoing_addresses,
            level=found.level,
            checked_at=found.check.at if found.check else None,
        )


class CheckOut(Schema):
    """A check. Each finding: `subject` (spf, dkim, dmarc, ptr, mx, one_click), `level`, `what` and `fix` in both
    languages, the `record` to copy, and what the DNS has `shown`."""

    at: datetime
    took_ms: int
    findings: list[dict[str, Any]]


class KeyIn(Schema):
    """A new key."""

    algorithm: Literal["rsa2048", "ed25519"] = "rsa2048"


class KeyOut(Schema):
    """A signing key with the DNS record to publish: `quoted` in strings of 255 bytes at most. `state`: made, active,
    retired. The secret half is never shown."""

    id: int
    selector: str
    algorithm: str
    state: str
    record_name: str
    record_value: str
    record_quoted: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None

    @staticmethod
    def of(key: DkimKey) -> "KeyOut":
        """As it is now."""
        value = keeping.record_text(key)
        return KeyOut(
            id=int(key.pk),
            selector=key.selector,
            algorithm=key.algorithm,
            state=key.state,
            record_name=str(key),
            record_value=value,
            record_quoted=keys.in_strings(value),
            created_at=key.created_at,
            activated_at=key.activated_at,
            retired_at=key.retired_at,
        )


@router.get("/sending-domains", response=list[DomainOut])
def list_domains(request: HttpRequest) -> list[DomainOut]:
    """The domains in use, by name."""
    require(request, "see")
    return [DomainOut.of(domain) for domain in queries.domains()]


@router.post("/sending-domains", response={201: DomainOut})
def add_domain(request: HttpRequest, values: DomainIn) -> Status[DomainOut]:
    """Add a domain; adding it again changes nothing."""
    require(request, "administer")
    return Status(201, DomainOut.of(sending_domains.add(name=values.name, by=person_of(request), now=clock.now())))


@router.put("/sending-domains/{name}", response=DomainOut)
def change_domain(request: HttpRequest, name: str, values: DomainChange) -> DomainOut:
    """Say from which addresses the mail leaves."""
    require(request, "administer")
    domain = sending_domains.by_name(name)
    sending_domains.set_outgoing_addresses(
        domain, addresses=values.outgoing_addresses, by=person_of(request), now=clock.now()
    )
    return DomainOut.of(domain)


@router.delete("/sending-domains/{name}", response={204: None})
def archive_domain(request: HttpRequest, name: str) -> Status[None]:
    """Take it out of use: its mails are no longer signed here."""
    require(request, "administer")
    sending_domains.archive(sending_domains.by_name(name), by=person_of(request), now=clock.now())
    return Status(204, None)


@router.post("/sending-domains/{name}/check", response=CheckOut)
def check_domain(request: HttpRequest, name: str) -> SenderCheck:
    """Check it now; answers within some fifteen seconds at worst."""
    require(request, "edit")
    return checking.check(domain=sending_domains.by_name(name), now=clock.now())


@router.get("/sending-domains/{name}/keys", response=list[KeyOut])
def list_keys(request: HttpRequest, name: str) -> list[KeyOut]:
    """All keys of a domain, retired ones last."""
    require(request, "see")
    return [KeyOut.of(key) for key in queries.keys_of(sending_domains.by_name(name))]


@router.post("/sending-domains/{name}/keys", response={201: KeyOut})
def make_key(request: HttpRequest, name: str, values: KeyIn) -> Status[KeyOut]:
    """Make a key; it signs once it is activated."""
    require(request, "administer")
    domain = sending_domains.by_name(name)
    key = keeping.make(domain=domain, algorithm=values.algorithm, by=person_of(request), now=clock.now())
    return Status(201, KeyOut.of(key))


@router.post("/sending-domains/{name}/rotate", response={201: list[KeyOut]})
def rotate_keys(request: HttpRequest, name: str) -> Status[list[KeyOut]]:
    """Make a successor of each active key; each takes over when it is activated."""
    require(request, "administer")
    made = keeping.rotate(domain=sending_domains.by_name(name), by=person_of(request), now=clock.now())
    return Status(201, [KeyOut.of(key) for key in made])


@router.post("/dkim-keys/{key_id}/activate", response=KeyOut)
def activate_key(request: HttpRequest, key_id: int, unseen: bool = False) -> KeyOut:
    """Sign with it from now on, if the DNS shows its record; with `unseen` without looking, on your word."""
    require(request, "administer")
    key = _key(key_id)
    keeping.activate(key, by=person_of(request), now=clock.now(), lookup=checking.new_lookup(), unseen=unseen)
    return KeyOut.of(_key(key_id))


@router.post("/dkim-keys/{key_id}/retire", response=KeyOut)
def retire_key(request: HttpRequest, key_id: int) -> KeyOut:
    """Sign no more with it and wipe its secret; leave its record in the DNS for seven days."""
    require(request, "administer")
    keeping.retire(_key(key_id), by=person_of(request), now=clock.now())
    return KeyOut.of(_key(key_id))


def _key(key_id: int) -> DkimKey:
    return get_object_or_404(DkimKey.objects.select_related("domain"), pk=key_id)

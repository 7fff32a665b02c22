"""Sending domains: the domains that stand in our mails' From."""

import ipaddress
from datetime import datetime

import idna
from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import t
from tashika.delivery.models import SendingDomain

SHORTEST = 2  # labels: mail from a top-level domain is none of ours


class UnableToSetUpDomain(TashikaError):
    """A value can't be used; `where` is its field."""

    code = "unable_to_set_up_domain"
    status = 422


def add(*, name: str, by: User, now: datetime) -> SendingDomain:
    """Add a domain, or bring an archived one back. Adding it again changes nothing. Raises UnableToSetUpDomain."""
    require(by.role, "administer")
    ascii_name = ascii_of(name)
    with transaction.atomic():
        domain, made = SendingDomain.objects.get_or_create(name=ascii_name, defaults={"created_at": now})
        if made or domain.archived_at:
            domain.archived_at = None
            domain.save(update_fields=["archived_at"])
            _record(domain, "add_sending_domain", by, now)
    return domain


def set_outgoing_addresses(domain: SendingDomain, *, addresses: str, by: User, now: datetime) -> None:
    """Say from which IP addresses the mail leaves, where the relay's name does not tell. Raises UnableToSetUpDomain."""
    require(by.role, "administer")
    try:
        found = [str(ipaddress.ip_address(word)) for word in addresses.replace(",", " ").replace("、", " ").split()]
    except ValueError as error:
        raise UnableToSetUpDomain(
            t("IPアドレスではないものがあります。", "There is something that is no IP address."),
            fix=t(
                "198.51.100.10 のように、空白で区切って書いてください。", "Write them like 198.51.100.10, by spaces."
            ),
            where="outgoing_addresses",
        ) from error
    if len(found) > 10:
        raise UnableToSetUpDomain(t("10個までです。", "Ten at most."), where="outgoing_addresses")
    domain.outgoing_addresses = " ".join(found)
    with transaction.atomic():
        domain.save(update_fields=["outgoing_addresses"])
        _record(domain, "set_outgoing_addresses", by, now)


def archive(domain: SendingDomain, *, by: User, now: datetime) -> None:
    """Take a domain out of use: its mails are no longer signed here. Its keys stay and sign again after `add`."""
    require(by.role, "administer")
    with transaction.atomic():
        domain.archived_at = now
        domain.save(update_fields=["archived_at"])
        _record(domain, "archive_sending_domain", by, now)


def by_name(name: str) -> SendingDomain:
    """The domain of a name in either form. Raises NotFound, UnableToSetUpDomain."""
    found = SendingDomain.objects.filter(name=ascii_of(name), archived_at=None).first()
    if found is None:
        raise NotFound(
            t("「{name}」は差出人ドメインにありません。", "“{name}” is not among the sending domains.", name=name),
            fix=t("先に追加してください。", "Add it first."),
        )
    return found


def ascii_of(name: str) -> str:
    """A domain's name in its ASCII form. An address counts for its domain. Raises UnableToSetUpDomain."""
    given = name.strip().rpartition("@")[2].rstrip(".").lower()
    try:
        found = idna.encode(given, uts46=True).decode("ascii")
    except idna.IDNAError:
        found = ""
    if found.count(".") + 1 < SHORTEST or found.replace(".", "").isdigit():
        raise UnableToSetUpDomain(
            t("ドメイン名ではありません。", "This is no domain name."),
            fix=t(
                "メールアドレスの @ より後ろを書いてください（例: example.jp）。",
                "Write what follows the @, such as example.jp.",
            ),
            where="name",
        )
    return found


def _record(domain: SendingDomain, verb: str, by: User, now: datetime) -> None:
    detail = {"name": domain.name, "outgoing_addresses": domain.outgoing_addresses}
    audit.record(actor=actor_of(by), verb=verb, subject=f"sending_domain:{domain.pk}", now=now, detail=detail)

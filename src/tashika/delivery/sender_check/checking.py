"""Check a sending domain and keep what was found."""

import ipaddress
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import transaction

from tashika.core import config
from tashika.core.text import t
from tashika.delivery.bounces import return_path
from tashika.delivery.dkim import keeping
from tashika.delivery.models import DkimKey, Relay, SenderCheck, SendingDomain
from tashika.delivery.sender_check import check_dkim, check_dmarc, check_mx, check_one_click, check_ptr, check_spf
from tashika.delivery.sender_check.dns_lookup import Lookup, UnableToLookUp
from tashika.delivery.sender_check.findings import UNKNOWN, Finding
from tashika.delivery.sender_check.looked_at import Key, LookedAt, Retired

Check = Callable[[LookedAt], Iterator[Finding]]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("spf", check_spf.check),
    ("dkim", check_dkim.check),
    ("dmarc", check_dmarc.check),
    ("ptr", check_ptr.check),
    ("mx", check_mx.check),
    ("one_click", check_one_click.check),
)
_INNER = [
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                 "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10")
]  # fmt: skip
KEPT = 100  # checks of a domain


def check(*, domain: SendingDomain, now: datetime) -> SenderCheck:
    """Look at everything, within some fifteen seconds at worst, and keep it. Never raises for what the DNS does."""
    start = time.monotonic()
    found = examine(looked_at(domain, lookup=new_lookup(), now=now))
    took = round((time.monotonic() - start) * 1000)
    with transaction.atomic():
        kept = SenderCheck.objects.create(
            domain=domain, at=now, took_ms=took, findings=[finding.plain() for finding in found]
        )
        older = SenderCheck.objects.filter(domain=domain).order_by("-id").values_list("pk", flat=True)[KEPT:]
        SenderCheck.objects.filter(pk__in=list(older)).delete()
    return kept


def ask(*, domain: SendingDomain, now: datetime) -> None:
    """A person asked for a check, which a worker makes."""
    domain.check_asked_at = now
    domain.save(update_fields=["check_asked_at"])


def new_lookup() -> Lookup:
    """The DNS as the installation is set to ask it."""
    return Lookup(server=config.get("dns_server"))


def examine(at: LookedAt) -> list[Finding]:
    """All findings. Where the DNS does not answer that part is `unknown`."""
    found: list[Finding] = []
    for subject, one in CHECKS:
        try:
            found += list(one(at))
        except UnableToLookUp as error:
            found.append(
                Finding(
                    subject, UNKNOWN,
                    t("DNSの応答がなく、確認できません（{n}）。", "The DNS did not answer, so this can't be told ({n}).", n=str(error)),
                    t("しばらくしてから確認し直してください。", "Check again in a while."),
                )
            )  # fmt: skip
    return found


def looked_at(domain: SendingDomain, *, lookup: Lookup, now: datetime) -> LookedAt:
    """A domain with its keys, the relay and the addresses that mail leaves from."""
    relay = Relay.objects.filter(is_default=True, practice=False, archived_at=None).first()
    host = relay.host if relay else ""
    stated = tuple(domain.outgoing_addresses.split())
    keys = DkimKey.objects.filter(domain=domain).select_related("domain").order_by("pk")
    return LookedAt(
        domain=domain.name,
        return_path=return_path.configured().rpartition("@")[2].lower() or domain.name,
        relay_host=host,
        outgoing=stated or _addresses_of(host, lookup),
        stated=bool(stated),
        keys=tuple(_key(key) for key in keys if key.retired_at is None),
        retired=tuple(
            Retired(str(key), key.retired_at + keeping.KEEP_RECORD)
            for key in keys
            if key.activated_at and key.retired_at and key.retired_at + keeping.KEEP_RECORD > now
        ),
        base_url=config.base_url(),
        lookup=lookup,
    )


def _key(key: DkimKey) -> Key:
    public, active = bytes(key.public), key.activated_at is not None
    return Key(key.algorithm, str(key), keeping.record_text(key), public, active)


def _addresses_of(host: str, lookup: Lookup) -> tuple[str, ...]:
    if not host:
        return ()
    try:
        found = lookup.addresses(host, 4) + lookup.addresses(host, 6)
    except UnableToLookUp:
        return ()
    return tuple(one for one in found if not _is_inner(one))


def _is_inner(address: str) -> bool:
    """An address that never shows outside: mail leaves from another one."""
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in _INNER)

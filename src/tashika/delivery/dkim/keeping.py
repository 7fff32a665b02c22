"""The keys that sign our mails: made, activated once the DNS shows them, rotated, retired.

A key signs from its activation to its retirement. Of one algorithm one key is active; activating the next retires it.
The DNS record of a retired key has to stay for a while: mails that are on their way still point to it.
"""

from datetime import datetime, timedelta

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sealing
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery.dkim import keys
from tashika.delivery.dkim.signing import PrivateKey
from tashika.delivery.models import DkimKey, SendingDomain
from tashika.delivery.sender_check.dns_lookup import Lookup, UnableToLookUp

KEEP_RECORD = timedelta(days=7)  # senders give up after five (RFC 5321 4.5.4.1); receivers check a little later
_PURPOSE = "dkim key"
_SHORT = {keys.RSA2048: "r", keys.ED25519: "e"}


class UnableToKeepKey(TashikaError):
    """The key can't be made, activated or retired."""

    code = "unable_to_keep_key"


def make(*, domain: SendingDomain, algorithm: str, by: User, now: datetime) -> DkimKey:
    """Make a key pair under a selector of its own. It signs nothing before it is activated. Raises UnableToKeepKey."""
    require(by.role, "administer")
    if algorithm not in keys.ALGORITHMS:
        raise UnableToKeepKey(t("この方式は使えません。", "There is no such algorithm."), where="algorithm")
    private = keys.make(algorithm)
    with transaction.atomic():
        SendingDomain.objects.select_for_update().get(pk=domain.pk)
        key = DkimKey.objects.create(
            domain=domain,
            selector=_free_selector(domain, algorithm, now),
            algorithm=algorithm,
            private_sealed=sealing.seal(_PURPOSE, keys.to_text(private)),
            public=keys.public_of(private),
            created_at=now,
        )
        _record(key, "make_dkim_key", by, now)
    return key


def activate(key: DkimKey, *, by: User, now: datetime, lookup: Lookup, unseen: bool = False) -> None:
    """Sign with this key from now on, and no longer with the one before it.

    Raises UnableToKeepKey unless the DNS shows its record: receivers would refuse every mail. `unseen` takes the
    person's word instead, for those whose DNS can't be seen from here.
    """
    require(by.role, "administer")
    if not unseen:
        _refuse_unless_shown(key, lookup)
    with transaction.atomic():
        kept = DkimKey.objects.select_for_update().select_related("domain").get(pk=key.pk)
        if kept.retired_at:
            raise UnableToKeepKey(
                t("引退した鍵は使えません。", "A retired key can't be used."),
                fix=t("新しい鍵を作ってください。", "Make a new one."),
            )
        if kept.activated_at:
            return
        for old in _active(kept.domain, kept.algorithm):
            _retire(old, by, now)
        kept.activated_at, kept.unseen = now, unseen
        kept.save(update_fields=["activated_at", "unseen"])
        _record(kept, "activate_dkim_key", by, now)
    key.activated_at, key.unseen = now, unseen


def rotate(*, domain: SendingDomain, by: User, now: datetime) -> list[DkimKey]:
    """Make a successor of each active key; it takes over when it is activated. Raises UnableToKeepKey without any."""
    active = list(DkimKey.objects.filter(domain=domain, retired_at=None).exclude(activated_at=None))
    if not active:
        raise UnableToKeepKey(t("使用中の鍵がありません。", "There is no active key."))
    return [make(domain=domain, algorithm=key.algorithm, by=by, now=now) for key in active]


def retire(key: DkimKey, *, by: User, now: datetime) -> None:
    """Sign no more with this key, and wipe its secret. Retiring it again changes nothing."""
    require(by.role, "administer")
    with transaction.atomic():
        kept = DkimKey.objects.select_for_update().select_related("domain").get(pk=key.pk)
        if kept.retired_at is None:
            _retire(kept, by, now)


def private_key(key: DkimKey) -> PrivateKey:
    """The secret half. Raises sealing.UnableToUnseal."""
    return keys.from_text(sealing.unseal(_PURPOSE, bytes(key.private_sealed)))


def record_text(key: DkimKey) -> str:
    """The text of the key's DNS record."""
    return keys.record(key.algorithm, bytes(key.public))


def _refuse_unless_shown(key: DkimKey, lookup: Lookup) -> None:
    fix = t(
        "TXTレコードを追加し、数分から1時間ほど待ってください。",
        "Add the TXT record and wait some minutes, at most an hour.",
    )
    try:
        shown = lookup.txt(str(key))
    except UnableToLookUp as error:
        raise UnableToKeepKey(t("DNSの応答がありません。", "The DNS did not answer."), where=str(key)) from error
    if not any(_says(text, key) for text in shown):
        words = t("DNSにまだこの鍵がありません。", "The DNS does not show this key yet.")
        if shown:
            words = t("DNSにあるのは別の鍵です。", "What the DNS shows is another key.")
        raise UnableToKeepKey(words, fix=fix, where=str(key))


def _says(text: str, key: DkimKey) -> bool:
    try:
        return keys.fits(keys.read(text), key.algorithm, bytes(key.public))
    except keys.NoKeyRecord:
        return False


def _active(domain: SendingDomain, algorithm: str) -> list[DkimKey]:
    found = DkimKey.objects.select_for_update().filter(domain=domain, algorithm=algorithm, retired_at=None)
    return list(found.exclude(activated_at=None))


def _retire(key: DkimKey, by: User, now: datetime) -> None:
    key.retired_at, key.private_sealed = now, b""
    key.save(update_fields=["retired_at", "private_sealed"])
    _record(key, "retire_dkim_key", by, now)


def _free_selector(domain: SendingDomain, algorithm: str, now: datetime) -> str:
    """`tashika-r20261125`; a second one on the same day ends with -2."""
    taken = set(DkimKey.objects.filter(domain=domain).values_list("selector", flat=True))
    base = f"tashika-{_SHORT[algorithm]}{now:%Y%m%d}"
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found


def _record(key: DkimKey, verb: str, by: User, now: datetime) -> None:
    detail = {"domain": key.domain.name, "selector": key.selector, "algorithm": key.algorithm, "unseen": key.unseen}
    audit.record(actor=actor_of(by), verb=verb, subject=f"dkim_key:{key.pk}", now=now, detail=detail)

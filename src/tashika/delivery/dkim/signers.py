"""Who signs for a From domain: the active keys that are kept for it."""

import time
from dataclasses import dataclass, field
from functools import lru_cache

from tashika.delivery import sending_domains
from tashika.delivery.dkim import keeping
from tashika.delivery.dkim.beside import Signs
from tashika.delivery.dkim.signing import Both, Signer
from tashika.delivery.models import DkimKey

FRESH = 20.0  # seconds: how long a sender may go on with a key after it was retired or another one activated


@dataclass
class _Known:
    """What was found for each domain, and until when (monotonic clock) it counts."""

    found: dict[str, tuple[float, Signs | None]] = field(default_factory=dict)


_known = _Known()


def signer_for(from_domain: str) -> Signs | None:
    """Who signs mails whose From is of this domain; None where none of our keys is active for it or a parent domain
    (a parent's signature is aligned for DMARC as well, RFC 9989 relaxed alignment).

    Cheap to call per mail: the database is asked every 20 seconds and the key object is kept. Raises
    sealing.UnableToUnseal when the key can't be opened: nothing then leaves unsigned by accident.
    """
    name = from_domain
    until, signer = _known.found.get(name, (0.0, None))
    if until < time.monotonic():
        signer = _look(name)
        if len(_known.found) > 1000:
            _known.found.clear()
        _known.found[name] = (time.monotonic() + FRESH, signer)
    return signer


def forget() -> None:
    """Ask the database again at the next look: a key was activated or retired in this process."""
    _known.found.clear()


def _look(name: str) -> Signs | None:
    try:
        labels = sending_domains.ascii_of(name).split(".")
    except sending_domains.UnableToSetUpDomain:
        return None
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    active = DkimKey.objects.filter(domain__name__in=names, domain__archived_at=None, retired_at=None)
    rows = list(active.exclude(activated_at=None).values_list("domain__name", "pk", "algorithm"))
    for candidate in names:
        ids = [pk for domain, pk, _ in sorted(rows, key=lambda row: row[2]) if domain == candidate]
        if ids:
            signers = [_signer(pk) for pk in ids]
            return signers[0] if len(signers) == 1 else Both(*signers)
    return None


@lru_cache(maxsize=64)
def _signer(pk: int) -> Signer:
    key = DkimKey.objects.select_related("domain").get(pk=pk)
    return Signer(key.domain.name, key.selector, keeping.private_key(key))

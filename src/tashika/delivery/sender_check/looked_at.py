"""What a check looks at. Pure."""

from dataclasses import dataclass
from datetime import datetime

from tashika.delivery.sender_check.dns_lookup import Lookup


@dataclass(frozen=True, slots=True)
class Key:
    """A DKIM key that is active or waits to be."""

    algorithm: str
    record_name: str
    record_text: str
    public: bytes
    active: bool


@dataclass(frozen=True, slots=True)
class Retired:
    """A key that signs no more and whose record still has to be there until `keep_until`."""

    record_name: str
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A sending domain with all that belongs to it.

    `outgoing`: the IP addresses that mail leaves from; `stated`: a person gave them, else they are the relay's own
    name's, which a large provider's mail does not leave from. `relay_host` is empty in practice mode.
    """

    domain: str
    return_path: str
    relay_host: str
    outgoing: tuple[str, ...]
    stated: bool
    keys: tuple[Key, ...]
    retired: tuple[Retired, ...]
    base_url: str
    lookup: Lookup

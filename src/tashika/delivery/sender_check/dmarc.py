"""What a domain asks receivers to do with mail that only claims to be its own. DMARC, RFC 9989. Pure."""

from dataclasses import dataclass

from tashika.delivery.sender_check.dns_lookup import Lookup

_WALK = 8  # names asked at most (RFC 9989 4.10)
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record and where it was found."""

    name: str
    tags: dict[str, str]

    def asked(self, domain: str) -> str:
        """none, quarantine or reject, as it counts for mail from `domain`; none where the record does not say."""
        key = "p" if domain == self.name else "sp"
        found = self.tags.get(key, self.tags.get("p", "none")).lower()
        return found if found in POLICIES else "none"

    def strict(self, tag: str) -> bool:
        """Whether `adkim` or `aspf` wants the same domain, not merely the same organisation."""
        return self.tags.get(tag, "r").lower() == "s"


@dataclass(frozen=True, slots=True)
class Walk:
    """What the tree walk from a domain found: the policy that counts, the organisation's domain, names that hold
    several records, which receivers ignore."""

    policy: Policy | None
    organisation: str
    several: tuple[str, ...]


def walk(domain: str, lookup: Lookup) -> Walk:
    """The DNS tree walk (RFC 9989 4.10). Raises UnableToLookUp."""
    found: list[Policy] = []
    several: list[str] = []
    for name in _names(domain):
        read = [tags for tags in map(_tags, lookup.txt(f"_dmarc.{name}")) if tags]
        if len(read) > 1:
            several.append(name)
        elif read:
            found.append(Policy(name, read[0]))
            if read[0].get("psd") == "n" or (read[0].get("psd") == "y" and name != domain):
                break
    organisation = _organisation(domain, found)
    by_name = {policy.name: policy for policy in found}
    policy = by_name.get(domain) or by_name.get(organisation) or (found[-1] if found else None)
    return Walk(policy, organisation, tuple(several))


def aligned(one: str, other: str, *, strict: bool, lookup: Lookup) -> bool:
    """Whether two domains count as one sender (RFC 9989 4.4). Raises UnableToLookUp."""
    if one == other or strict:
        return one == other
    return walk(one, lookup).organisation == walk(other, lookup).organisation


def _names(domain: str) -> list[str]:
    """The domain and its parents; of a very long one only the last seven labels' parents."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= _WALK else labels[-(_WALK - 1) :]
    return [domain, *(".".join(rest[start:]) for start in range(len(rest)))]


def _organisation(domain: str, found: list[Policy]) -> str:
    for policy in found:
        if policy.tags.get("psd") == "n":
            return policy.name
        if policy.tags.get("psd") == "y" and policy.name != domain:
            return ".".join(domain.split(".")[-policy.name.count(".") - 2 :])
    return found[-1].name if found else domain


def _tags(text: str) -> dict[str, str]:
    """The tags of a record; empty for a text that is none."""
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    if not pairs or pairs[0][0].strip() != "v" or pairs[0][2].strip() != "DMARC1":
        return {}
    return {name.strip().lower(): value.strip() for name, _, value in pairs}

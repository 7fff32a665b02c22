"""May this address send for this domain? SPF, RFC 7208: `check_host()` over its own words. Pure.

Left out: `p` and the `ptr` mechanism's match, which the RFC asks nobody to use (5.5): `ptr` counts as a look-up and
matches nothing.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from tashika.core.text import Text, t
from tashika.delivery.sender_check.dns_lookup import Lookup, UnableToLookUp

LOOKUPS = 10  # RFC 7208 4.6.4: terms that ask the DNS, at most
VOIDS = 2  # look-ups without an answer, at most
NAMES = 10  # mail exchangers of one `mx`, at most

_MECHANISM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^/\s]\S*?))?(/\d{1,3})?(?://(\d{1,3}))?", re.IGNORECASE
)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.IGNORECASE)
_MACRO = re.compile(r"%(?:\{([slodiphv])(\d*)(r?)([.\-+,/_=]*)\}|([%_-])|(.?))", re.IGNORECASE)
_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_ASKS = {"include", "a", "mx", "ptr", "exists"}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Outcome:
    """`result` as RFC 7208 2.6 names it: none, neutral, pass, fail, softfail, temperror, permerror; with the look-ups
    it took and, for the last two, what is wrong."""

    result: str
    lookups: int
    why: Text | str = ""


@dataclass(frozen=True, slots=True)
class _Term:
    qualifier: str
    name: str
    value: str
    prefix4: int
    prefix6: int


@dataclass(frozen=True, slots=True)
class _Record:
    terms: list[_Term]
    redirect: str


class _Wrong(Exception):
    """The record can't be followed (permerror)."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


def records(name: str, lookup: Lookup) -> list[str]:
    """The SPF records of a name: one is right, several are an error. Raises UnableToLookUp."""
    return [text for text in lookup.txt(name) if re.match(r"v=spf1( |\Z)", text, re.IGNORECASE)]


def evaluate(*, address: str, domain: str, lookup: Lookup, local: str = "postmaster") -> Outcome:
    """What a receiver finds for mail from `local@domain` that comes from this IP address. Never raises."""
    found = _Evaluation(ipaddress.ip_address(address), local, domain, lookup)
    try:
        result = found.check(domain)
    except UnableToLookUp as error:
        return Outcome("temperror", found.lookups, str(error))
    except _Wrong as error:
        return Outcome("permerror", found.lookups, error.why)
    return Outcome(result, found.lookups)


class _Evaluation:
    """One run: the sender, and what it has cost so far."""

    def __init__(self, address: Address, local: str, domain: str, lookup: Lookup) -> None:
        self.address, self.local, self.sender_domain, self.lookup = address, local, domain, lookup
        self.lookups = self.voids = 0

    def check(self, domain: str) -> str:
        found = records(domain, self.lookup)
        if not found:
            return "none"
        if len(found) > 1:
            raise _Wrong(t("{d} にSPFレコードが{n}つあります。", "{d} has {n} SPF records.", d=domain, n=len(found)))
        record = _parse(found[0])
        for term in record.terms:
            if self._matches(term, domain):
                return _RESULTS[term.qualifier or "+"]
        if record.redirect:
            self._count()
            target = self._expand(record.redirect, domain)
            result = self.check(target)
            if result == "none":
                raise _Wrong(t("redirect先の {d} にSPFがありません。", "redirect: {d} has no SPF record.", d=target))
            return result
        return "neutral"

    def _matches(self, term: _Term, domain: str) -> bool:
        if term.name in _ASKS:
            self._count()
        if term.name == "all":
            return True
        if term.name in ("ip4", "ip6"):
            network = ipaddress.ip_network(term.value, strict=False)
            return self.address.version == network.version and self.address in network
        target = self._expand(term.value, domain) if term.value else domain
        if term.name == "include":
            return self._includes(target)
        if term.name == "a":
            return self._has_address(target, term)
        if term.name == "mx":
            return self._exchanges(target, term)
        return term.name == "exists" and bool(self._not_void(self.lookup.addresses(target, 4)))

    def _includes(self, target: str) -> bool:
        result = self.check(target)
        if result == "none":
            raise _Wrong(t("include先の {d} にSPFがありません。", "include: {d} has no SPF record.", d=target))
        return result == "pass"

    def _has_address(self, name: str, term: _Term) -> bool:
        return self._is_among(self._not_void(self.lookup.addresses(name, self.address.version)), term)

    def _is_among(self, addresses: list[str], term: _Term) -> bool:
        prefix = term.prefix4 if self.address.version == 4 else term.prefix6
        return any(self.address in ipaddress.ip_network(f"{one}/{prefix}", strict=False) for one in addresses)

    def _exchanges(self, name: str, term: _Term) -> bool:
        exchangers = [one for one in self._not_void(self.lookup.mx(name)) if one]
        if len(exchangers) > NAMES:
            raise _Wrong(t("{d} のMXが多すぎます。", "{d} has too many mail exchangers.", d=name))
        return any(self._is_among(self.lookup.addresses(one, self.address.version), term) for one in exchangers)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS:
            raise _Wrong(
                t("DNSの問い合わせが上限の10回を超えます。", "It takes more than the 10 DNS look-ups that are allowed.")
            )

    def _not_void(self, found: list[str]) -> list[str]:
        self.voids += not found
        if self.voids > VOIDS:
            raise _Wrong(
                t(
                    "存在しない名前への問い合わせが2回を超えます。",
                    "More than 2 of its look-ups lead to names that don't exist.",
                )
            )
        return found

    def _expand(self, text: str, domain: str) -> str:
        """Macros (RFC 7208 7)."""

        def replacement(match: re.Match[str]) -> str:
            letter, digits, backwards, delimiters, escaped, other = match.groups()
            if escaped:
                return {"%": "%", "_": " ", "-": "%20"}[escaped]
            if letter is None or digits == "0":
                raise _Wrong(t("マクロ「%{x}」が正しくありません。", "The macro “%{x}” is not valid.", x=other or ""))
            parts = re.split(f"[{re.escape(delimiters or '.')}]", self._value(letter.lower(), domain))
            parts = parts[::-1] if backwards else parts
            value = ".".join(parts[-int(digits) :] if digits else parts)
            return quote(value, safe="") if letter.isupper() else value

        return _MACRO.sub(replacement, text)

    def _value(self, letter: str, domain: str) -> str:
        if letter == "i":
            plain = self.address.exploded.replace(":", "")
            return str(self.address) if self.address.version == 4 else ".".join(plain)
        return {
            "s": f"{self.local}@{self.sender_domain}",
            "l": self.local,
            "o": self.sender_domain,
            "d": domain,
            "p": "unknown",
            "h": self.sender_domain,
            "v": "in-addr" if self.address.version == 4 else "ip6",
        }[letter]


def _parse(text: str) -> _Record:
    """The terms of a record; one wrong term makes the whole record wrong (RFC 7208 4.6)."""
    terms: list[_Term] = []
    redirects: list[str] = []
    for word in text.split()[1:]:
        modifier = _MODIFIER.fullmatch(word)
        if modifier:
            if modifier[1].lower() == "redirect":
                redirects.append(modifier[2])
            continue
        terms.append(_term(word))
    if len(redirects) > 1 or "" in redirects:
        raise _Wrong(t("redirectが正しくありません。", "Its redirect is not valid."))
    return _Record(terms, redirects[0] if redirects else "")


def _term(word: str) -> _Term:
    match = _MECHANISM.fullmatch(word)
    wrong = _Wrong(t("「{w}」が正しくありません。", "“{w}” is not valid.", w=word))
    if match is None:
        raise wrong
    name, value = match[2].lower(), match[3] or ""
    prefix4, prefix6 = int((match[4] or "/32")[1:]), int(match[5] or 128)
    needs_value = name in ("include", "ip4", "ip6", "exists")
    has_prefix = bool(match[4] or match[5])
    if needs_value != bool(value) and name in ("include", "ip4", "ip6", "exists", "all"):
        raise wrong
    if name in ("ip4", "ip6"):
        try:
            network = ipaddress.ip_network(value + (match[4] or ""), strict=False)
        except ValueError:
            raise wrong from None
        if match[5] or network.version != (4 if name == "ip4" else 6):
            raise wrong
        value = str(network)
    elif prefix4 > 32 or prefix6 > 128 or (has_prefix and name not in ("a", "mx")):
        raise wrong
    return _Term(match[1], name, value, prefix4, prefix6)

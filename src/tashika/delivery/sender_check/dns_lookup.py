"""Asking the DNS, within a limit of time. Pure: no Django."""

import time

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

EACH = 2.0  # seconds for one question
ALL = 8.0  # seconds for all questions of one look


class UnableToLookUp(Exception):
    """No answer: a timeout, a server that fails, a zone that is broken. Not the same as “there is none”."""


class Lookup:
    """Questions to the DNS. Answers are kept for the life of the object; after `seconds` it asks no more."""

    def __init__(self, *, server: str = "", seconds: float = ALL) -> None:
        """`server` as `address` or `address:port`; empty: the system's. Raises ValueError for one that is none."""
        self._resolver = dns.resolver.Resolver(configure=not server)
        if server:
            host, port = _host_and_port(server)
            self._resolver.nameservers, self._resolver.port = [host], port
        self._resolver.timeout = EACH / 2
        self._until = time.monotonic() + seconds
        self._known: dict[tuple[str, str], list[str]] = {}

    def txt(self, name: str) -> list[str]:
        """The TXT records of a name, their strings joined. Empty where there are none. Raises UnableToLookUp."""
        return self._ask(name, "TXT")

    def addresses(self, name: str, version: int) -> list[str]:
        """The addresses of a name: version 4 or 6. Raises UnableToLookUp."""
        return self._ask(name, "A" if version == 4 else "AAAA")

    def mx(self, name: str) -> list[str]:
        """The mail exchangers of a name, the preferred first; `""` is the null MX (RFC 7505). Raises UnableToLookUp."""
        return self._ask(name, "MX")

    def ptr(self, address: str) -> list[str]:
        """The names of an IP address. Raises UnableToLookUp."""
        return self._ask(dns.reversename.from_address(address).to_text(), "PTR")

    def _ask(self, name: str, kind: str) -> list[str]:
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            self._known[key] = self._answer(*key)
        return self._known[key]

    def _answer(self, name: str, kind: str) -> list[str]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise UnableToLookUp(name)
        try:
            question = dns.name.from_text(name + ".")
        except dns.exception.DNSException:
            return []  # a label that is empty or too long can't exist
        try:
            answer = self._resolver.resolve(question, kind, search=False, lifetime=min(EACH, left))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise UnableToLookUp(name) from error
        records = list(answer)
        if kind == "TXT":
            return [b"".join(record.strings).decode("utf-8", "replace") for record in records]
        if kind == "MX":
            records.sort(key=lambda record: record.preference)
            return [record.exchange.to_text().rstrip(".") for record in records]
        return [record.to_text().rstrip(".") for record in records]


def _host_and_port(server: str) -> tuple[str, int]:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`."""
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest.removeprefix(":") or 53)
    if server.count(":") == 1:
        host, _, port = server.partition(":")
        return host, int(port)
    return server, 53

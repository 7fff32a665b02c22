"""A real name server on loopback (UDP), for zones that a test writes; it can be told to keep silent."""

from collections.abc import Iterator
from contextlib import contextmanager

from dnslib import RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer


class DnsServer(BaseResolver):
    """Answers from zone text (BIND's format). Names in `failing` get SERVFAIL; `asked` are the names asked for."""

    def __init__(self) -> None:
        self.zone: list[RR] = []
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.port = 0

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """One answer."""
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        self.asked.append(name)
        if name in self.failing:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        known = [rr for rr in self.zone if str(rr.rname).rstrip(".").lower() == name]
        if not known:
            reply.header.rcode = RCODE.NXDOMAIN
        for rr in known:
            if rr.rtype == request.q.qtype:
                reply.add_answer(rr)
        return reply

    def write(self, text: str) -> None:
        """Add records: one a line, such as `example.jp. 60 IN TXT "v=spf1 -all"`."""
        self.zone += RR.fromZone(text)

    def forget(self) -> None:
        """An empty zone again."""
        self.zone.clear()
        self.failing.clear()
        self.asked.clear()

    @property
    def address(self) -> str:
        """As the setting `dns_server` takes it."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def dns_server() -> Iterator[DnsServer]:
    """A running server."""
    resolver = DnsServer()
    server = DNSServer(resolver, address="127.0.0.1", port=0, logger=DNSLogger("-request,-reply,-truncated,-error"))
    server.start_thread()
    resolver.port = server.server.server_address[1]
    try:
        yield resolver
    finally:
        server.stop()
        server.server.server_close()

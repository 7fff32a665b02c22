"""A name server of the test's own, and a look-up that asks it."""

from collections.abc import Iterator

import pytest

from tashika.delivery.sender_check.dns_lookup import Lookup
from tests.fakes.dns_server import DnsServer, dns_server


@pytest.fixture(scope="session")
def _dns() -> Iterator[DnsServer]:
    with dns_server() as server:
        yield server


@pytest.fixture
def dns(_dns: DnsServer) -> DnsServer:
    """The server, knowing nothing yet."""
    _dns.forget()
    return _dns


@pytest.fixture
def lookup(dns: DnsServer) -> Lookup:
    """Asks the test's server."""
    return Lookup(server=dns.address)

"""One request to another system: never to an internal address, never to another one than was judged, never on by a redirect.

The name is resolved once, every address it has is judged, and the connection goes to one of those very addresses: a name that
answers otherwise a moment later (DNS rebinding) leads nowhere. TLS still checks the name. What a person's browser could not
reach from outside is refused: IPv4 and IPv6 that are not global, with addresses mapped or tunnelled into IPv6.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 10.0  # seconds, for connecting and for each read
LONGEST = 20.0  # seconds from the connection to the end of the answer
MOST_READ = 4096  # bytes of an answer that are looked at


class UnableToRequest(Exception):
    """The address is not one that may be called; the words say why. `final`: another try would not help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, 0 where there was none; and words for the record."""

    status: int
    words: str = ""


def post(
    *,
    url: str,
    headers: dict[str, str],
    body: bytes,
    allowed: frozenset[str],
    outside: bool,
    may_begin: Callable[[], bool],
) -> Answer | None:
    """Send it; None where `may_begin`, asked when the connection stands, forbids it. `allowed` are hosts, or host:port, that may be
    internal and without TLS; where not `outside`, only they may be called. Raises UnableToRequest for an address that may not be called."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    known = host in allowed or f"{host}:{port}" in allowed
    if parts.scheme not in ("https", "http") or not host or parts.username or not (secure or known):
        raise UnableToRequest("only https, without a name and password in the address")
    if not (known or outside):
        raise UnableToRequest("practice mode: nothing leaves this machine (G11)")
    address = _judged(host, port, known)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    cut = threading.Timer(LONGEST, _cut, [connection])  # an answer that drips keeps no worker
    try:
        cut.start()
        line = socket.create_connection((address, port), timeout=TIMEOUT)
        connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host) if secure else line
        if not may_begin():
            return None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        response.read(MOST_READ)
        return Answer(response.status, response.reason[:200])
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, f"{type(error).__name__}: {error}"[:300])
    finally:
        cut.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _judged(host: str, port: int, known: bool) -> str:
    """An address of this host that may be called."""
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise LookupError(f"the name has no address: {error}") from error
    if not known and (internal := sorted(one for one in found if is_internal(one))):
        raise UnableToRequest(f"{internal[0]} is an internal address")
    return sorted(found)[0]


def is_internal(address: str) -> bool:
    """Whether an address is none of the public internet's, by itself or by what is embedded in it (RFC 4291, 6052, 3056, 4380)."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inner = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
        if one in ipaddress.ip_network("64:ff9b::/96") or one in ipaddress.ip_network("::/96"):
            inner.append(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF))
        found = [item for item in inner if item is not None]
        if found:
            return any(is_internal(str(item)) for item in found)
    return not one.is_global or one.is_multicast

"""Opening an SMTP connection: connect, greet, secure, log in."""

import asyncio
import base64
import ssl
from dataclasses import dataclass
from functools import lru_cache

from tashika.delivery.smtp.client import Carrier, Connection, Lost, Result, Single, Transaction, UnableToConnect

OPEN_TIMEOUT = 30.0  # seconds for all of it


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a relay."""

    host: str
    port: int
    security: str = "none"  # none | starttls | tls
    verify_certificate: bool = True
    username: str = ""
    password: str = ""
    greeting_name: str = "localhost"


async def open_connection(server: Server, carrier: Carrier) -> Connection:
    """A connection that is ready for `go_on`. Raises UnableToConnect with the reason."""
    try:
        async with asyncio.timeout(OPEN_TIMEOUT):
            return await _open(server, carrier)
    except (TimeoutError, OSError, Lost, ssl.SSLError) as error:
        raise UnableToConnect(str(error) or type(error).__name__) from error


async def send_one(server: Server, *, sender: str, recipient: str, message: bytes) -> Result:
    """Hand one mail over and hang up. Raises UnableToConnect."""
    single = Single(Transaction(sender, recipient, message))
    connection = await open_connection(server, single)
    connection.go_on()
    await single.done.wait()
    connection.quit()
    assert single.result is not None
    return single.result


async def _open(server: Server, carrier: Carrier) -> Connection:
    loop = asyncio.get_running_loop()
    context = _tls_context(server.verify_certificate) if server.security != "none" else None
    transport, connection = await loop.create_connection(
        lambda: Connection(carrier),
        server.host,
        server.port,
        ssl=context if server.security == "tls" else None,
    )
    try:
        greeting = await connection.answer(OPEN_TIMEOUT)
        if greeting.code != 220:
            raise UnableToConnect(greeting.text)
        await _greet(connection, server)
        if server.security == "starttls":
            if "STARTTLS" not in connection.extensions:
                raise UnableToConnect("the server offers no STARTTLS")
            await _expect(connection, "STARTTLS", 220)
            assert context is not None
            secured = await loop.start_tls(transport, connection, context, server_hostname=server.host)
            connection.opened(secured, frozenset())
            await _greet(connection, server)
        if server.username:
            await _log_in(connection, server)
    except BaseException:
        connection.drop()
        raise
    connection.ready()
    return connection


async def _greet(connection: Connection, server: Server) -> None:
    reply = await connection.command(f"EHLO {server.greeting_name}", OPEN_TIMEOUT)
    if reply.code != 250:
        raise UnableToConnect(reply.text)
    lines = [line.upper() for line in reply.lines[1:]]
    connection.opened(None, frozenset([*lines, *(line.partition(" ")[0] for line in lines)]))


async def _log_in(connection: Connection, server: Server) -> None:
    mechanisms = next((e for e in connection.extensions if e.startswith("AUTH ")), "AUTH PLAIN")
    if "PLAIN" in mechanisms:
        secret = base64.b64encode(f"\0{server.username}\0{server.password}".encode()).decode()
        await _expect(connection, f"AUTH PLAIN {secret}", 235)
    else:
        await _expect(connection, "AUTH LOGIN", 334)
        await _expect(connection, base64.b64encode(server.username.encode()).decode(), 334)
        await _expect(connection, base64.b64encode(server.password.encode()).decode(), 235)


async def _expect(connection: Connection, line: str, code: int) -> None:
    reply = await connection.command(line, OPEN_TIMEOUT)
    if reply.code != code:
        raise UnableToConnect(reply.text)


@lru_cache(maxsize=2)
def _tls_context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

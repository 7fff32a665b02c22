"""One SMTP connection: open it, carry one mail to one recipient at a time, close it."""

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

LINE_LIMIT = 4096  # RFC 5321 4.5.3.1.5 allows 512; kindly more, never without bound
COMMAND_TIMEOUT = 120.0  # seconds; RFC 5321 4.5.3.2 asks for 5 minutes, a bulk sender can try again
BODY_TIMEOUT = 600.0  # RFC 5321 4.5.3.2.6: 10 minutes after the final dot, or mail is doubled (RFC 1047)


class Outcome(Enum):
    """What became of one mail."""

    ACCEPTED = "accepted"  # 2xx after the body
    REFUSED = "refused"  # 5xx
    DEFERRED = "deferred"  # 4xx: surely not taken
    NOT_LEFT = "not_left"  # the connection broke, or we stopped, before the body: surely not taken
    IN_DOUBT = "in_doubt"  # the body was handed over and no reply was read


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one transaction with the server's words."""

    outcome: Outcome
    reply: str


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


class UnableToConnect(Exception):
    """The server could not be reached, or refused us before any mail: words for people."""


class Lost(Exception):
    """The connection broke or the server broke the protocol."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code and its words (RFC 5321 4.2)."""

    code: int
    words: str

    @property
    def text(self) -> str:
        return f"{self.code} {self.words}"[:500]


class Connection:
    """An open connection. Use `open_connection`; then `send` as often as it stays `usable`; then `quit`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.extensions: set[str] = set()
        self.usable = True
        self.sent = 0

    async def send(
        self,
        *,
        sender: str,
        recipient: str,
        body: bytes,
        may_begin: Callable[[], bool],
        body_begins: Callable[[], None],
    ) -> Result:
        """Carry one mail. `may_begin` is asked in the same instant in which the envelope and again in which the body is
        handed over: if it says no, the mail surely did not leave. `body_begins` is called right before the body."""
        _refuse_control(sender)
        _refuse_control(recipient)
        if not may_begin():
            return Result(Outcome.NOT_LEFT, "stopped before the envelope")
        try:
            refusal = await self._envelope(sender, recipient)
        except (TimeoutError, Lost, OSError) as error:
            self.drop()
            return Result(Outcome.NOT_LEFT, f"connection lost before the body: {_words(error)}")
        if refusal is not None:
            return refusal
        if not may_begin():
            self.drop()
            return Result(Outcome.NOT_LEFT, "stopped before the body")
        body_begins()
        try:
            self._writer.write(_stuffed(body))
            reply = await self._reply(BODY_TIMEOUT)
        except (TimeoutError, Lost, OSError) as error:
            self.drop()
            return Result(Outcome.IN_DOUBT, f"no reply after the body: {_words(error)}")
        self.sent += 1
        return Result(_outcome(reply), reply.text)

    async def _envelope(self, sender: str, recipient: str) -> Result | None:
        """MAIL, RCPT, DATA; None when the server waits for the body."""
        commands = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"]
        if not (sender + recipient).isascii():
            commands[0] += " SMTPUTF8"
        replies: list[Reply] = []
        if "PIPELINING" in self.extensions:
            self._writer.write("".join(f"{command}\r\n" for command in commands).encode())
            replies = [await self._reply() for _ in commands]
        else:
            for command in commands:
                replies.append(await self.command(command))
                if replies[-1].code >= 400:
                    break
        if len(replies) == 3 and replies[2].code == 354 and all(200 <= reply.code < 300 for reply in replies[:2]):
            return None
        worst = next(reply for reply in replies if not 200 <= reply.code < 300)
        if worst.code == 421:  # RFC 5321 3.8: the server is closing; it says nothing of this mail
            self.drop()
            return Result(Outcome.NOT_LEFT, worst.text)
        if worst.code < 400 or replies[-1].code == 354:
            # Refused and yet waiting for a body, or a code that means nothing here: out of step, so leave.
            self.drop()
            outcome = _outcome(worst) if worst.code >= 400 else Outcome.NOT_LEFT
            return Result(outcome, worst.text)
        await self._reset()
        return Result(_outcome(worst), worst.text)

    async def _reset(self) -> None:
        try:
            if (await self.command("RSET")).code != 250:
                self.drop()
        except (TimeoutError, Lost, OSError):
            self.drop()

    async def command(self, line: str, limit: float = COMMAND_TIMEOUT) -> Reply:
        """Send one command and read its reply. Raises Lost, OSError or TimeoutError."""
        self._writer.write(f"{line}\r\n".encode())
        return await self._reply(limit)

    async def _reply(self, limit: float = COMMAND_TIMEOUT) -> Reply:
        async with asyncio.timeout(limit):
            lines: list[str] = []
            while True:
                try:
                    raw = await self._reader.readuntil(b"\n")
                except asyncio.IncompleteReadError as error:
                    raise Lost("connection closed by the server") from error
                except asyncio.LimitOverrunError as error:
                    raise Lost("reply line too long") from error
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                match = re.fullmatch(r"([2-5]\d\d)(?:([ -])(.*))?", line)
                if match is None or len(lines) > 100:
                    raise Lost(f"not an SMTP reply: {line[:80]!r}")
                lines.append(match[3] or "")
                if match[2] != "-":
                    return Reply(int(match[1]), " ".join(lines)[:450])

    async def quit(self) -> None:
        """Say goodbye; failures don't matter any more."""
        if self.usable:
            with contextlib.suppress(TimeoutError, Lost, OSError):
                await self.command("QUIT", 2.0)
            self.drop()

    def drop(self) -> None:
        """Close at once."""
        self.usable = False
        self._writer.transport.abort()


async def open_connection(server: Server) -> Connection:
    """Connect, greet, secure and log in. Raises UnableToConnect with the reason."""
    try:
        async with asyncio.timeout(30):
            return await _open(server)
    except (TimeoutError, OSError, Lost, ssl.SSLError) as error:
        raise UnableToConnect(_words(error)) from error


async def _open(server: Server) -> Connection:
    context = _tls_context(server) if server.security != "none" else None
    reader, writer = await asyncio.open_connection(
        server.host, server.port, limit=LINE_LIMIT, ssl=context if server.security == "tls" else None
    )
    connection = Connection(reader, writer)
    try:
        greeting = await connection._reply(30)
        if greeting.code != 220:
            raise UnableToConnect(greeting.text)
        await _greet(connection, server)
        if server.security == "starttls":
            if "STARTTLS" not in connection.extensions:
                raise UnableToConnect("the server offers no STARTTLS")
            await _expect(connection, "STARTTLS", 220)
            await writer.start_tls(context, server_hostname=server.host)  # type: ignore[arg-type]
            await _greet(connection, server)
        if server.username:
            await _log_in(connection, server)
    except BaseException:
        connection.drop()
        raise
    return connection


async def _greet(connection: Connection, server: Server) -> None:
    connection._writer.write(f"EHLO {server.greeting_name}\r\n".encode())
    extensions: set[str] = set()
    reader = connection._reader
    while True:
        raw = await asyncio.wait_for(reader.readuntil(b"\n"), 30)
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line.startswith("250"):
            raise UnableToConnect(line[:300])
        extensions.update({line[4:].upper(), line[4:].upper().partition(" ")[0]})
        if line[3:4] != "-":
            break
    connection.extensions = extensions


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
    reply = await connection.command(line, 30)
    if reply.code != code:
        raise UnableToConnect(reply.text)


def _tls_context(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not server.verify_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _stuffed(body: bytes) -> bytes:
    """The body with dots doubled at line starts (RFC 5321 4.5.2) and the final dot."""
    if b"\n." in body or body.startswith(b"."):
        body = re.sub(rb"(?m)^\.", b"..", body)
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _outcome(reply: Reply) -> Outcome:
    if 200 <= reply.code < 300:
        return Outcome.ACCEPTED
    return Outcome.REFUSED if reply.code >= 500 else Outcome.DEFERRED


def _refuse_control(address: str) -> None:
    if re.search(r"[\x00-\x20<>\x7f]", address):
        raise ValueError("an address with a control character, space or bracket reached the wire")


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__

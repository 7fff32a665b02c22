"""One SMTP connection as a state machine: open it, carry mails one recipient at a time, close it.

Where the server offers PIPELINING (RFC 2920) the envelope of the next mail travels in the same write as the final dot of
the last one ("the actual transfer of message content is explicitly allowed to be the first command in a group"); where
it does not, every command waits for its reply. Replies are taken in order, so that the phase in which a connection broke
is always known: before the final dot a mail surely was not taken, after it without a reply it is in doubt (RFC 1047).
"""

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, NamedTuple, Protocol, cast

LINE_LIMIT = 4096  # bytes; RFC 5321 4.5.3.1.5 allows 512; kindly more, never without bound
LINES_LIMIT = 100  # of one reply
TEXT_LIMIT = 450  # characters of a reply that are kept
COMMAND_TIMEOUT = 120.0  # seconds; RFC 5321 4.5.3.2 asks for 5 minutes, a bulk sender can try again
BODY_TIMEOUT = 600.0  # RFC 5321 4.5.3.2.6: 10 minutes after the final dot, or mail is doubled (RFC 1047)


class Outcome(Enum):
    """What became of one mail."""

    ACCEPTED = "accepted"  # 2xx after the body
    REFUSED = "refused"  # 5xx
    DEFERRED = "deferred"  # 4xx: surely not taken
    NOT_LEFT = "not_left"  # the connection broke, or we stopped, before the body: surely not taken
    IN_DOUBT = "in_doubt"  # the body was handed over and no reply was read


class Result(NamedTuple):
    """The outcome of one transaction with the server's words."""

    outcome: Outcome
    reply: str
    step: str = ""  # the command that was refused: MAIL, RCPT, DATA or "."


class Reply(NamedTuple):
    """One reply: its code and its lines (RFC 5321 4.2)."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.code} {' '.join(self.lines)}"[:TEXT_LIMIT]


@dataclass(slots=True, eq=False)
class Transaction:
    """One mail to one recipient. A carrier may derive its own from it, with what it knows the mail by."""

    # Whether it is known from how the message was built that no line begins with a dot and that the last one is ended.
    plain: ClassVar[bool] = False

    sender: str
    recipient: str
    message: bytes
    body_begun: bool = field(default=False, init=False)

    def envelope(self) -> tuple[str, str]:
        """MAIL and RCPT. Raises ValueError for an address that would carry a command."""
        if _CONTROL.search(self.sender + self.recipient):
            raise ValueError("an address with a control character, space or bracket reached the wire")
        utf8 = "" if self.sender.isascii() and self.recipient.isascii() else " SMTPUTF8"
        return f"MAIL FROM:<{self.sender}>{utf8}\r\n", f"RCPT TO:<{self.recipient}>\r\n"


class Carrier(Protocol):
    """Who hands a connection its mails and hears what became of them. All of it is called in the event loop."""

    def next_mail(self) -> Transaction | None:
        """A mail that may begin at this instant, or None."""

    def may_begin(self, transaction: Transaction) -> bool:
        """Asked in the instant in which the body is handed over: if it says no, the mail surely did not leave."""

    def body_begins(self, transaction: Transaction) -> None:
        """Called right before the body is written. Raises OSError where it can't be noted down: then it does not leave."""

    def concluded(self, transaction: Transaction, result: Result) -> None:
        """What became of a mail: called once for each."""

    def idle(self, connection: "Connection") -> None:
        """The connection waits for `go_on`."""

    def lost(self, connection: "Connection", words: str) -> None:
        """The connection is closed."""


class UnableToConnect(Exception):
    """The server could not be reached, or refused us before any mail: words for people."""


class Lost(Exception):
    """The connection broke or the server broke the protocol."""


class Step(Enum):
    """What a reply is awaited for."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "."
    RSET = "RSET"


_CONTROL = re.compile(r"[\x00-\x20<>\x7f]")
_MAIL, _RCPT, _DATA, _DOT, _RSET = Step  # looked up once: an Enum's members are slow to reach in Python 3.11
_ACCEPTED = Outcome.ACCEPTED
_IN_GROUP = (_MAIL, _RCPT)
_USUAL = re.compile(rb"(250 [^\r\n]*)\r\n250 [^\r\n]*\r\n250 [^\r\n]*\r\n354 [^\r\n]*\r\n")
_DOT_AT_START = re.compile(rb"(?m)^\.")


class Connection(asyncio.Protocol):
    """An open connection; made by `opening.open_connection`. `go_on` starts it; it then asks its carrier for mails until
    there are none. Ends by `quit`, `drop` or the server."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.extensions: frozenset[str] = frozenset()
        self.usable = True
        self.taken = 0  # mails that the server has answered for after the dot
        self.deadline = 0.0  # on time.monotonic: a reply is due by then
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._lines: list[str] = []
        self._expected: deque[tuple[Step, Transaction | None]] = deque()
        self._refusal: tuple[Reply, Step] | None = None
        self._answers: asyncio.Queue[Reply | None] | None = asyncio.Queue()  # of the opening dialogue
        self._why = ""
        self._pipelining = False

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if len(self._expected) == 4 and not self._rest and not self._lines and self._goes_on(data):
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        try:
            if len(self._rest) > LINE_LIMIT:
                raise Lost("reply line too long")
            for raw in lines:
                if raw[:1] == b"2" and raw[3:4] == b" " and self._is_plain_yes():
                    self._expected.popleft()
                else:
                    self._line(raw)
        except Lost as error:
            self._end(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        self._end(str(error) if error else "connection closed by the server")

    def eof_received(self) -> bool:
        return False

    # -- the opening dialogue (`opening.py`)

    async def command(self, line: str, limit: float) -> Reply:
        """Send one command and read its reply, before the first mail. Raises Lost or TimeoutError."""
        self._write(f"{line}\r\n".encode())
        return await self.answer(limit)

    async def answer(self, limit: float) -> Reply:
        """The next reply of the opening dialogue. Raises Lost or TimeoutError."""
        assert self._answers is not None
        reply = await asyncio.wait_for(self._answers.get(), limit)
        if reply is None:
            raise Lost(self._why)
        return reply

    def opened(self, transport: asyncio.Transport | None, extensions: frozenset[str]) -> None:
        """The dialogue is over (or goes on over TLS with another `transport`)."""
        if transport is not None:
            self._transport, self._rest = transport, b""  # what came in the clear is not to be believed (RFC 3207 6)
        self.extensions = extensions
        self._pipelining = "PIPELINING" in extensions

    def ready(self) -> None:
        """From now on replies belong to mails."""
        self._answers = None

    # -- carrying

    def go_on(self) -> None:
        """Ask for the next mail; does nothing while a mail is under way."""
        if not self.usable or self._expected:
            return
        transaction = self.carrier.next_mail()
        if transaction is None:
            self.idle_since = time.monotonic()
            self.carrier.idle(self)
        else:
            self._write(self._envelope(transaction))

    @property
    def under_way(self) -> list[Transaction]:
        """The mails whose transaction has begun, in order."""
        return list(dict.fromkeys(transaction for _, transaction in self._expected if transaction is not None))

    def expire(self, now: float) -> None:
        """Give up on a server that does not answer in time."""
        if self._expected and now > self.deadline:
            self._end("no reply in time")

    def drop(self, words: str = "dropped") -> None:
        """Close at once: what is past its final dot is in doubt, all else surely did not leave."""
        self._end(words)

    def quit(self) -> None:
        """Say goodbye; the reply does not matter any more."""
        if self.usable and not self._expected:
            with contextlib.suppress(Exception):
                self._write(b"QUIT\r\n")
            self.usable = False
            if self._transport is not None:
                self._transport.close()

    def _envelope(self, transaction: Transaction) -> bytes:
        """The commands to write now for a mail; their replies are awaited from now on."""
        try:
            mail, rcpt = transaction.envelope()
        except ValueError:
            self.carrier.concluded(transaction, Result(Outcome.REFUSED, "the address can't be written to the wire"))
            return self._nothing()
        if not self._pipelining:
            self._expected.append((_MAIL, transaction))
            return mail.encode()
        self._expected += ((_MAIL, transaction), (_RCPT, transaction), (_DATA, transaction))
        return f"{mail}{rcpt}DATA\r\n".encode()

    def _nothing(self) -> bytes:
        if not self._expected:
            asyncio.get_running_loop().call_soon(self.go_on)
        return b""

    def _goes_on(self, data: bytes) -> bool:
        """The usual replies taken in at once: the last mail is accepted, the next one's envelope too, its body may follow.
        False, and nothing done, for everything else."""
        (step, last), _, _, (_, following) = self._expected
        found = _USUAL.fullmatch(data)
        if step is not _DOT or found is None:
            return False
        self._expected.clear()
        self.taken += 1
        reply = found[1].decode("utf-8", "replace")[:TEXT_LIMIT]
        self.carrier.concluded(_known(last), Result(_ACCEPTED, reply))
        self._body(_known(following))
        return True

    def _is_plain_yes(self) -> bool:
        """Whether a 2xx in one line is all that is awaited: the reply to MAIL or RCPT within a group of commands."""
        expected = self._expected
        return self._pipelining and bool(expected) and expected[0][0] in _IN_GROUP and not self._lines

    def _line(self, raw: bytes) -> None:
        line = raw.rstrip(b"\r")
        code, mark = line[:3], line[3:4]
        if not code.isdigit() or not b"200" <= code <= b"599" or len(code) < 3 or mark not in (b" ", b"-", b""):
            raise Lost(f"not an SMTP reply: {line[:80]!r}")
        self._lines.append(line[4:].decode("utf-8", "replace"))
        if mark == b"-":
            if len(self._lines) > LINES_LIMIT:
                raise Lost("a reply without end")
            return
        reply = Reply(int(code), tuple(self._lines))
        self._lines.clear()
        if self._answers is not None:
            self._answers.put_nowait(reply)
        elif self.usable:
            self._replied(reply)

    def _replied(self, reply: Reply) -> None:
        if not self._expected:  # such as 421 after a long silence (RFC 5321 3.8)
            self._end(reply.text)
            return
        step, transaction = self._expected.popleft()
        if step is _DOT:
            self.taken += 1
            outcome = _outcome(reply)
            self.carrier.concluded(_known(transaction), Result(outcome, reply.text, "."))
            if outcome is Outcome.IN_DOUBT:
                self._end("a reply that means nothing after the final dot")
            elif not self._expected:
                self.go_on()
        elif step is _DATA:
            self._after_envelope(_known(transaction), reply)
        elif step is _RSET:
            if reply.code != 250:
                self._end(reply.text)
            elif not self._expected:
                self.go_on()
        elif self._pipelining:
            if not 200 <= reply.code < 300:
                self._refusal = self._refusal or (reply, step)
        else:
            self._in_lockstep(step, _known(transaction), reply)

    def _in_lockstep(self, step: Step, transaction: Transaction, reply: Reply) -> None:
        """MAIL, RCPT and DATA one after the other, for a server that offers no PIPELINING."""
        if not 200 <= reply.code < 300:
            self._refused(transaction, reply, step)
        elif step is _MAIL:
            self._expected.append((_RCPT, transaction))
            self._write(transaction.envelope()[1].encode())
        else:
            self._expected.append((_DATA, transaction))
            self._write(b"DATA\r\n")

    def _after_envelope(self, transaction: Transaction, reply: Reply) -> None:
        refusal, self._refusal = self._refusal, None
        if refusal is None and reply.code == 354:
            self._body(transaction)
        elif refusal is not None and reply.code == 354:  # refused and yet waiting for a body: out of step, so leave
            refused, step = refusal
            self.carrier.concluded(transaction, Result(_outcome_of_refusal(refused), refused.text, step.value))
            self._end("the server waits for a body that it has refused")
        else:
            self._refused(transaction, *(refusal or (reply, _DATA)))

    def _refused(self, transaction: Transaction, reply: Reply, step: Step) -> None:
        outcome = _outcome_of_refusal(reply)
        self.carrier.concluded(transaction, Result(outcome, reply.text, step.value))
        if outcome is Outcome.NOT_LEFT:
            self._end(reply.text)
            return
        self._expected.append((_RSET, None))
        following = self.carrier.next_mail() if self._pipelining else None
        self._write(b"RSET\r\n" + (self._envelope(following) if following else b""))

    def _body(self, transaction: Transaction) -> None:
        """Hand the body over, if it may begin at this instant; with it the envelope of the next mail."""
        following = self.carrier.next_mail() if self._pipelining else None
        if (words := self._why_not(transaction)) is not None:
            for one in (transaction, following):
                if one is not None:
                    self.carrier.concluded(one, Result(Outcome.NOT_LEFT, words))
            self._end(words)
            return
        transaction.body_begun = True
        self._expected.append((_DOT, transaction))
        envelope = self._envelope(following) if following else b""
        if transaction.plain:
            self._write(b"".join((transaction.message, b".\r\n", envelope)))
        else:
            self._write(stuffed(transaction.message) + envelope)

    def _why_not(self, transaction: Transaction) -> str | None:
        """Why a body may not begin at this instant; None when it begins."""
        if not self.carrier.may_begin(transaction):
            return "stopped before the body"
        try:
            self.carrier.body_begins(transaction)
        except OSError as error:
            return f"the body could not be noted down: {error}"
        return None

    def _write(self, data: bytes) -> None:
        if self._transport is None or not data:
            return
        limit = BODY_TIMEOUT if self._expected and self._expected[0][0] is _DOT else COMMAND_TIMEOUT
        self.deadline = time.monotonic() + limit
        self._transport.write(data)

    def _end(self, words: str) -> None:
        """Closed, by whomever: everything under way is concluded by the phase it was in. Does nothing a second time."""
        if not self.usable:
            return
        self.usable = False
        self._why = words
        expected, self._expected = self._expected, deque()
        if self._transport is not None:
            self._transport.abort()
        if self._answers is not None:
            self._answers.put_nowait(None)
            return
        past_dot = {transaction for step, transaction in expected if step is _DOT}
        for transaction in dict.fromkeys(transaction for _, transaction in expected if transaction is not None):
            if transaction in past_dot:
                result = Result(Outcome.IN_DOUBT, f"no reply after the body: {words}")
            else:
                result = Result(Outcome.NOT_LEFT, f"connection lost before the body: {words}")
            self.carrier.concluded(transaction, result)
        self.carrier.lost(self, words)


@dataclass
class Single:
    """A carrier of one mail, for whoever sends just one. `result` is there when `done` is set."""

    transaction: Transaction
    allowed: Callable[[], bool] = lambda: True
    result: Result | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    _given: bool = False

    def next_mail(self) -> Transaction | None:
        """The mail, once."""
        if self._given:
            return None
        self._given = True
        if self.allowed():
            return self.transaction
        self.concluded(self.transaction, Result(Outcome.NOT_LEFT, "stopped before the envelope"))
        return None

    def may_begin(self, transaction: Transaction) -> bool:
        """As it was said."""
        return self.allowed()

    def body_begins(self, transaction: Transaction) -> None:
        """Nothing to write down."""

    def concluded(self, transaction: Transaction, result: Result) -> None:
        """Keep the result."""
        self.result = result
        self.done.set()

    def idle(self, connection: Connection) -> None:
        """There is no second mail."""

    def lost(self, connection: Connection, words: str) -> None:
        """The result says what is to be known."""


def stuffed(body: bytes) -> bytes:
    """The body with dots doubled at line starts (RFC 5321 4.5.2) and the final dot."""
    if b"\n." in body or body.startswith(b"."):
        body = _DOT_AT_START.sub(b"..", body)
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _outcome(reply: Reply) -> Outcome:
    """What a reply after the final dot says. A code that means nothing there leaves a doubt."""
    if 200 <= reply.code < 300:
        return Outcome.ACCEPTED
    if reply.code < 400:
        return Outcome.IN_DOUBT
    return Outcome.REFUSED if reply.code >= 500 else Outcome.DEFERRED


def _outcome_of_refusal(reply: Reply) -> Outcome:
    """What a refusal before the body says. 421 closes the connection and says nothing of this mail (RFC 5321 3.8)."""
    if reply.code < 400 or reply.code == 421:
        return Outcome.NOT_LEFT
    return Outcome.REFUSED if reply.code >= 500 else Outcome.DEFERRED


def _known(transaction: Transaction | None) -> Transaction:
    assert transaction is not None
    return transaction

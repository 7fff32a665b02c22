"""The simulated far side of SMTP: servers that answer when the model says so, and their own record of what they took.

This is the one thing in the model that is not the real one.
"""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tashika.delivery.smtp.client import Carrier, Connection

REPLIES = {
    ("MAIL", "yes"): "250 ok\r\n250 ok\r\n354 go on\r\n",
    ("MAIL", "no"): "250 ok\r\n550 5.1.1 unknown\r\n503 no recipient\r\n",
    ("MAIL", "later"): "250 ok\r\n451 4.7.1 later\r\n503 no recipient\r\n",
    ("DOT", "yes"): "250 2.0.0 queued\r\n",
    ("DOT", "no"): "554 5.7.1 refused\r\n",
    ("DOT", "later"): "451 4.3.0 later\r\n",
}


@dataclass(frozen=True, slots=True)
class Event:
    """What the server saw begin: an envelope, or a body."""

    what: str  # envelope | body
    dispatch: int
    address: str
    sender: int


@dataclass
class Record:
    """What the servers know: the truth that the ledger is compared with."""

    taken: list[tuple[int, str]] = field(default_factory=list)  # dispatch, address
    events: list[Event] = field(default_factory=list)  # since the last look


class Wire(asyncio.Transport):
    """The server's end of one connection, which hears what a real `Connection` writes."""

    def __init__(self, sender: int, record: Record) -> None:
        super().__init__()
        self.sender = sender
        self.record = record
        self.client: Connection
        self.client_gone = False
        self.closed = False
        self.awaited: deque[tuple[str, int, str]] = deque()  # step, dispatch, address: what waits for an answer
        self._from = 0
        self._body_of: tuple[int, str] | None = None
        self._text = b""

    # -- what the client does

    def write(self, data: Any) -> None:
        self._text += bytes(data)
        while self._take_body() if self._body_of else self._take_line():
            pass

    def abort(self) -> None:
        self.client_gone = True

    def close(self) -> None:
        self.client_gone = True

    def is_closing(self) -> bool:
        return self.client_gone

    def _take_line(self) -> bool:
        line, found, rest = self._text.partition(b"\r\n")
        if not found:
            return False
        self._text = rest
        words = line.decode()
        if words.startswith("MAIL"):
            self._from = int(re.findall(r"<news(\d+)@", words)[0])
        elif words.startswith("RCPT"):
            address = re.findall(r"<(.*)>", words)[0]
            self.awaited.append(("MAIL", self._from, address))
            self.record.events.append(Event("envelope", self._from, address, self.sender))
        elif words == "RSET":
            self.awaited.append(("RSET", 0, ""))
        return True

    def _take_body(self) -> bool:
        _, found, rest = self._text.partition(b"\r\n.\r\n")
        if not found or self._body_of is None:
            return False
        self._text = rest
        self.awaited.append(("DOT", *self._body_of))
        self.record.events.append(Event("body", *self._body_of, self.sender))
        self._body_of = None
        return True

    # -- what the server does

    @property
    def holds_a_body(self) -> bool:
        """Whether a body was handed over that is neither taken nor refused yet."""
        return any(step == "DOT" for step, _, _ in self.awaited)

    def answer(self, reply: str) -> None:
        """Answer what was said first: yes, no or later. A refusal of an envelope covers its three commands."""
        step, dispatch, address = self.awaited.popleft()
        if step == "RSET":
            self.client.data_received(b"250 ok\r\n")
            return
        if step == "MAIL" and reply == "yes":
            self._body_of = (dispatch, address)
        if step == "DOT" and reply == "yes":
            self.record.taken.append((dispatch, address))
        self.client.data_received(REPLIES[step, reply].encode())

    def cut(self, *, taken: bool) -> None:
        """The connection ends; a body that was handed over was `taken`, or not, and nobody is told."""
        for step, dispatch, address in self.awaited:
            if step == "DOT" and taken:
                self.record.taken.append((dispatch, address))
        self.awaited.clear()
        self.closed = True
        if not self.client_gone:
            self.client_gone = True
            self.client.connection_lost(None)


def connected(carrier: Carrier, sender: int, record: Record) -> Wire:
    """A connection whose opening dialogue is over."""
    wire = Wire(sender, record)
    wire.client = Connection(carrier)
    wire.client.connection_made(wire)
    wire.client.opened(None, frozenset({"PIPELINING"}))
    wire.client.ready()
    return wire

"""An SMTP server of ours, in a process of its own, that keeps the truth and misbehaves when told to.

The truth is when the kernel received the bytes (SO_TIMESTAMPNS), not when this process got to read them: with two cores
and a dozen processes the two differ by more than a stop takes.
"""

import contextlib
import ctypes
import multiprocessing
import random
import re
import signal
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tashika.core.supervisor import die_with_parent

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h
_CLONE_NEWNET = 0x40000000
_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*<([^>\s]+)>")


@dataclass
class Transaction:
    """What the server knows of one mail. Moments are seconds since 1970, as the kernel received the bytes."""

    sender: str
    begun: float  # MAIL
    recipient: str = ""
    told_to_go_on: bool = False  # 354 was sent
    complete: float = 0.0  # the final dot; 0: the body never was complete
    taken: bool = False  # this server has the mail and would deliver it
    message_id: str = ""
    said: str = ""  # the reply after the final dot, as far as it was sent
    trouble: str = ""  # what was done to it on purpose


@dataclass(frozen=True)
class Rule:
    """What to do at a phase: greeting, ehlo, mail, rcpt, data, body, dot, after.

    `act`: drop (close), hang (say nothing until released), halves (the reply in two pieces with a pause), half (a piece
    of the reply, then close), or a reply of 4xx or 5xx. `share` of the events, `times` at most. At the final dot `taken`
    says whether the mail is taken all the same.
    """

    phase: str
    act: str
    share: float = 0.3
    times: int = 5
    taken: bool = False


@dataclass
class _State:
    """Shared by the threads of the server."""

    rules: list[tuple[Rule, list[int]]] = field(default_factory=list)  # with how often each was applied
    delay: float = 0.0  # seconds between the final dot and the reply
    transactions: list[Transaction] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    dice: random.Random = field(default_factory=random.Random)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rule_at(self, phase: str) -> Rule | None:
        """The rule that applies to this event, counted."""
        with self.lock:
            for rule, applied in self.rules:
                if rule.phase == phase and applied[0] < rule.times and self.dice.random() < rule.share:
                    applied[0] += 1
                    return rule
        return None


class SmtpServer:
    """The bench's hand on the server process."""

    def __init__(self, *, namespace: str | None = None) -> None:
        """`namespace`: a network namespace in whose loopback it listens too, on the same port."""
        context = multiprocessing.get_context("fork")
        self._pipe, far = context.Pipe()
        dies = die_with_parent(signal.SIGKILL)
        self._process = context.Process(target=_serve, args=(far, namespace, dies), daemon=True)
        self._process.start()
        self._lock = threading.Lock()
        self.port: int = self._pipe.recv()

    def begin(self, *, rules: list[Rule], delay: float, seed: int) -> None:
        """A new round: an empty record, these rules, this delay of each reply to a final dot."""
        self._ask("begin", rules, delay, seed)

    def behave(self) -> None:
        """No rule applies any more, and whatever hangs goes on."""
        self._ask("behave")

    def begun(self) -> int:
        """How many transactions have begun in this round."""
        return int(self._ask("begun"))

    def record(self) -> list[Transaction]:
        """Every transaction of this round so far."""
        found: list[Transaction] = self._ask("record")
        return found

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()

    def _ask(self, verb: str, *values: Any) -> Any:
        with self._lock:
            self._pipe.send((verb, *values))
            return self._pipe.recv()


def _serve(pipe: Connection, namespace: str | None, dies: Any) -> None:
    dies()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    state = _State()
    listeners = [_listen(0)]
    port = listeners[0].getsockname()[1]
    if namespace:
        listeners.append(_inside(namespace, port))
    for one in listeners:
        threading.Thread(target=_accept, args=(one, state), daemon=True).start()
    pipe.send(port)
    while True:
        verb, *values = pipe.recv()
        pipe.send(_do(state, verb, values))


def _do(state: _State, verb: str, values: list[Any]) -> Any:
    if verb == "begin":
        rules, state.delay, seed = values
        with state.lock:
            state.transactions, state.dice = [], random.Random(seed)
            state.rules = [(rule, [0]) for rule in rules]
            state.released = threading.Event()
    elif verb == "behave":
        state.rules = []
        state.released.set()
    elif verb == "begun":
        return len(state.transactions)
    elif verb == "record":
        return list(state.transactions)
    return None


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)  # accepted sockets inherit it
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def _inside(namespace: str, port: int) -> socket.socket:
    """A listener on the loopback of a network namespace: a socket stays where it was made, whatever the thread does."""
    made: list[socket.socket] = []

    def make() -> None:
        with open(f"/run/netns/{namespace}") as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(_listen(port))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def _accept(listener: socket.socket, state: _State) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_session, args=(connection, state), daemon=True).start()


def _session(connection: socket.socket, state: _State) -> None:
    with contextlib.suppress(OSError, _Gone), connection:
        _Session(connection, state).talk()


class _Gone(Exception):
    """The connection is over."""


class _Session:
    """One connection."""

    def __init__(self, connection: socket.socket, state: _State) -> None:
        self._socket, self._state = connection, state
        self._buffer, self._stamp = b"", 0.0
        self._current: Transaction | None = None
        self._pipelining = state.dice.random() < 0.7

    def talk(self) -> None:
        """Greet, then answer commands until the client leaves or a rule ends it."""
        self._answer("greeting", "220 chaos.example.jp ready")
        while True:
            line = self._line()
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                offer = "250-PIPELINING\r\n" if self._pipelining else ""
                self._answer("ehlo", f"250-chaos.example.jp\r\n{offer}250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == b"MAIL":
                self._mail(line)
            elif verb == b"RCPT":
                self._rcpt(line)
            elif verb == b"DATA":
                self._data()
            elif verb == b"QUIT":
                self._say("221 bye")
                raise _Gone
            else:
                self._current = None
                self._say("250 ok")

    def _mail(self, line: bytes) -> None:
        self._current = Transaction(_address(line), self._stamp)
        self._state.transactions.append(self._current)
        if not self._answer("mail", "250 ok"):
            self._current = None

    def _rcpt(self, line: bytes) -> None:
        if self._current is None:
            self._say("503 MAIL first")
            return
        self._current.recipient = _address(line)
        if not self._answer("rcpt", "250 ok"):
            self._current = None

    def _data(self) -> None:
        if self._current is None or not self._current.recipient:
            self._say("554 no valid recipients")
        elif self._answer("data", "354 go on"):
            self._body(self._current)
            self._current = None

    def _body(self, mail: Transaction) -> None:
        mail.told_to_go_on = True
        if rule := self._state.rule_at("body"):
            self._receive()
            self._misbehave(rule, "")
        while (end := (b"\r\n" + self._buffer).find(b"\r\n.\r\n")) < 0:
            self._receive()
        body, self._buffer = self._buffer[:end], self._buffer[end + 3 :]
        mail.complete = self._stamp
        found = _MESSAGE_ID.search(body)
        mail.message_id = found[1].decode() if found else ""
        time.sleep(self._state.delay)
        rule = self._state.rule_at("dot")
        mail.taken = rule is None or rule.taken or rule.act == "halves"
        if rule is None:
            self._say("250 2.0.0 taken")
            mail.said = "250"
        else:
            mail.said = self._misbehave(rule, "250 2.0.0 taken")
            mail.taken = mail.taken or mail.said.startswith("250")  # after a hang
        if rule := self._state.rule_at("after"):
            self._misbehave(rule, "")

    def _answer(self, phase: str, usual: str) -> bool:
        """Reply as usual, or as a rule says; whether the client may go on."""
        rule = self._state.rule_at(phase)
        said = self._misbehave(rule, usual) if rule else self._say(usual)
        return said[:1] in ("2", "3")

    def _misbehave(self, rule: Rule, usual: str) -> str:
        """Do what a rule says; what was replied in the end. Raises _Gone where the connection ends by it."""
        if self._current is not None:
            self._current.trouble = f"{rule.phase}:{rule.act}"
        if rule.act == "hang":
            self._state.released.wait(60)
            if not usual or self._state.dice.random() < 0.5:
                raise _Gone
            return self._say(usual)
        if rule.act == "halves":
            middle = max(1, len(usual) // 2)
            self._socket.sendall(usual[:middle].encode())
            time.sleep(0.15)
            self._socket.sendall(f"{usual[middle:]}\r\n".encode())
            return usual
        if rule.act == "half":
            self._socket.sendall(usual[:2].encode())
            raise _Gone
        if rule.act == "drop":
            raise _Gone
        return self._say(rule.act)

    def _say(self, reply: str) -> str:
        self._socket.sendall(f"{reply}\r\n".encode())
        return reply

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def _receive(self) -> None:
        """More bytes, and when the kernel received the last of them."""
        data, notes, _, _ = self._socket.recvmsg(262_144, socket.CMSG_SPACE(16))
        if not data:
            raise _Gone
        self._buffer += data
        for level, kind, value in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("@qq", value[:16])
                self._stamp = seconds + nanoseconds / 1e9


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode(errors="replace")

"""An SMTP server that keeps its own record of every transaction, with the moment of each, and hangs when told to.

    python -m bench.recording_server PORT RECORD    as a process of its own, so that nothing else holds it up

It takes every mail and keeps none. The record is a file of events: MAIL, a body that is complete, a connection that ended.
Lines on standard input say from where on it stays silent: `mail`, `rcpt`, `data`, `body`; `go` ends that by hanging up on
whoever waits.
"""

import asyncio
import contextlib
import itertools
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MAIL, BODY, LOST = range(3)
_EVENT = struct.Struct("<diB")
_VERBS = {b"MAIL": "mail", b"RCPT": "rcpt", b"DATA": "data"}
_REPLIES = {
    b"EHLO": b"250-recording\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Event(NamedTuple):
    """Something that the server saw. `at` is seconds since 1970."""

    at: float
    connection: int
    kind: int


class RecordingServer:
    """The process, seen from the benchmark."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._record = folder / "smtp-record"
        command = [sys.executable, "-m", "bench.recording_server", str(self.port), str(self._record)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise SystemExit("the recording server does not answer")
            time.sleep(0.05)

    def tell(self, word: str) -> None:
        """From where on to stay silent, or `go`."""
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def end(self) -> list[Event]:
        """End it; all that it saw, in order."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
        return [Event(*fields) for fields in _EVENT.iter_unpack(self._record.read_bytes())]


class _Conversation(asyncio.Protocol):
    silent_at = ""
    waiting: "set[_Conversation]" = set()
    numbers: Iterator[int] = itertools.count()
    events: list[bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._number = transport, next(self.numbers)
        self._kept, self._in_body, self._is_silent = b"", False, False
        transport.write(b"220 recording ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._kept += data
        while not self._is_silent:
            if self._in_body:
                end = self._kept.find(b"\r\n.\r\n")
                if end < 0:
                    return
                self._kept, self._in_body = self._kept[end + 5 :], False
                self._note(BODY)
                self._answer("body", b"250 kept\r\n")
            else:
                line, found, rest = self._kept.partition(b"\r\n")
                if not found:
                    return
                self._kept = rest
                self._command(line[:4].upper())

    def connection_lost(self, error: Exception | None) -> None:
        self.waiting.discard(self)
        self._note(LOST)

    def _command(self, verb: bytes) -> None:
        if verb == b"MAIL":
            self._note(MAIL)
        self._in_body = verb == b"DATA"
        self._answer(_VERBS.get(verb, ""), _REPLIES.get(verb, b"250 ok\r\n"))

    def _answer(self, phase: str, words: bytes) -> None:
        if phase and phase == _Conversation.silent_at:
            self._is_silent = True
            self.waiting.add(self)
        else:
            self._transport.write(words)

    def _note(self, kind: int) -> None:
        self.events.append(_EVENT.pack(time.time(), self._number, kind))


async def _serve(port: int, record: Path) -> None:
    loop = asyncio.get_running_loop()
    _Conversation.events = []
    server = await loop.create_server(_Conversation, "127.0.0.1", port)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        _Conversation.silent_at = "" if line == "go" else line
        for one in list(_Conversation.waiting) if line == "go" else []:
            one._transport.abort()
    server.close()
    record.write_bytes(b"".join(_Conversation.events))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))

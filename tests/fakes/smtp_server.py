"""A scripted SMTP server that keeps the truth: what it has really taken, whatever it told the client.

It is a fake only of the far side; the client under test talks to it over a real socket.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Taken:
    """A mail that the server has taken."""

    recipient: str
    body: bytes
    begun_at: float  # wall clock at MAIL
    taken_at: float  # wall clock when the final dot was read
    replied: bool


# What happens at a phase: None: as usual. A str: that reply. "drop": close. "hang": never answer.
Script = Callable[
    [str, str], str | None
]  # (phase, recipient) -> what happens; phases: greeting mail rcpt data dot reply


@dataclass
class SmtpServer:
    """Listens on loopback in a thread of its own."""

    script: Script = lambda phase, recipient: None
    pipelining: bool = True
    delay: float = 0.0  # seconds between the final dot and the reply
    taken: list[Taken] = field(default_factory=list)
    begun: list[tuple[str, float]] = field(default_factory=list)  # recipient, wall clock at MAIL
    connections: int = 0
    port: int = 0

    def __enter__(self) -> "SmtpServer":
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._session, "127.0.0.1", self.port, limit=1_000_000)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Drop):
            pass
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer(writer, "greeting", "", "220 scripted.example.jp")
        recipient, begun, greeted = "", 0.0, False
        while True:
            line = (await reader.readuntil(b"\n")).decode().strip()
            verb = line[:4].upper()
            if verb == "EHLO":
                writer.write(
                    b"250-scripted\r\n" + (b"250-PIPELINING\r\n" if self.pipelining else b"") + b"250 8BITMIME\r\n"
                )
            elif verb == "MAIL":
                begun = time.time()
                self.begun.append((line, begun))
                recipient, greeted = "", await self._answer(writer, "mail", "", "250 ok")
            elif verb == "RCPT" and not greeted:
                writer.write(b"503 5.5.1 need MAIL first\r\n")
            elif verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                refused = not await self._answer(writer, "rcpt", recipient, "250 ok")
                recipient = "" if refused else recipient
            elif verb == "DATA":
                if not recipient:
                    writer.write(b"554 no valid recipients\r\n")
                elif await self._answer(writer, "data", recipient, "354 go on"):
                    await self._body(reader, writer, recipient, begun)
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()

    async def _body(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str, begun: float
    ) -> None:
        lines: list[bytes] = []
        while (line := await reader.readuntil(b"\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        what = self.script("dot", recipient)
        if what == "drop":  # before taking it
            raise _Drop
        if what and what[0] in "45":
            writer.write(f"{what}\r\n".encode())
            return
        taken = Taken(recipient, b"".join(lines), begun, time.time(), False)
        self.taken.append(taken)
        if self.delay:
            await asyncio.sleep(self.delay)
        if await self._answer(writer, "reply", recipient, "250 2.0.0 taken"):
            taken.replied = True

    async def _answer(self, writer: asyncio.StreamWriter, phase: str, recipient: str, usual: str) -> bool:
        what = self.script(phase, recipient)
        if what == "drop":
            raise _Drop
        if what == "hang":
            await asyncio.sleep(3600)
        reply = what or usual
        writer.write(f"{reply}\r\n".encode())
        return reply[0] in "23"


class _Drop(Exception):
    """Close the connection without a word."""

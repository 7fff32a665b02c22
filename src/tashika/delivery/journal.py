"""A sender's journal: what it had in hand, on its own disk, independent of the database.

One file per sender, held by a lock (`flock`) as long as the process lives: whoever can take the lock knows that the
owner is dead. Before a body is handed over a line `B <row>` is written, after a reply `A|R|D <row> <reply>`. A row
that the dead sender had claimed and that has no `B` surely did not leave; one with `B` and no reply is in doubt.
Lines survive `kill -9` (they are the kernel's once written); after a crash of the machine they may not, so the
journal of another boot proves nothing and its rows are all in doubt.
"""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID


@dataclass(slots=True)
class Testimony:
    """What a dead sender's journal says."""

    sender: UUID
    same_boot: bool
    begun: set[int] = field(default_factory=set)  # bodies handed over, no reply written down
    replied: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> (state, reply)


class Journal:
    """The journal of a living sender."""

    def __init__(self, folder: Path, sender: UUID) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{sender}.journal"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._write(f"boot {boot_id()}")

    def body_begins(self, row: int) -> None:
        """Before the first byte of a body."""
        self._write(f"B {row}")

    def replied(self, row: int, state: str, reply: str) -> None:
        """After the reply was read."""
        self._write(f"{state} {row} {' '.join(reply.split())}")

    def compact(self, begun: Iterable[int], waiting: Iterable[tuple[int, str, str]]) -> None:
        """Forget what the database has. The new file is complete and locked before it takes the old one's place."""
        fresh = self.path.with_suffix(".part")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        old, self._descriptor = self._descriptor, descriptor
        self._write(f"boot {boot_id()}")
        for row in begun:
            self.body_begins(row)
        for row, state, reply in waiting:
            self.replied(row, state, reply)
        fresh.rename(self.path)
        os.close(old)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Everything is in the database: nothing to testify."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Let go of the journal and leave it to whoever reconciles."""
        os.close(self._descriptor)

    def _write(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())


def is_alive(folder: Path, sender: UUID) -> bool | None:
    """Whether the sender of a journal in this folder lives; None where there is no journal of it here."""
    try:
        descriptor = os.open(folder / f"{sender}.journal", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read(path: Path) -> Testimony:
    """What the journal of a dead sender says. A cut last line is a `B` at the worst: doubt, never a second mail."""
    testimony = Testimony(sender=UUID(path.stem), same_boot=False)
    for line in path.read_text(errors="replace").splitlines():
        word, _, rest = line.partition(" ")
        if word == "boot":
            testimony.same_boot = rest == boot_id()
            continue
        row, _, reply = rest.partition(" ")
        if not row.isdigit():
            continue
        if word == "B":
            testimony.begun.add(int(row))
        else:
            testimony.begun.discard(int(row))
            testimony.replied[int(row)] = (word, reply)
    return testimony


def boot_id() -> str:
    """Which boot of the machine this is."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"

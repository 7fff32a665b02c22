"""A sender's journal: whose bodies it handed over, on its own disk, independent of the database.

One file per sender, held by a lock (`flock`) as long as the process lives: whoever can take the lock knows that the
owner is dead. Lines:

    boot <id>                                                which boot of the machine wrote what follows
    D <dispatch> <reason>                                    what a dispatch is, once
    B <row> <message id> <dispatch> <address hash> <claim>   before the first byte of a body
    <state> <row> <reply>                                    after the reply: accepted, refused, queued

A row that a dead sender had claimed and that has no `B` surely did not leave; one with `B` and no reply is in doubt.
Lines survive `kill -9` (they are the kernel's once written); after a crash of the machine they may not, so the
journal of another boot proves nothing and its rows are all in doubt.

What the database has on record is kept all the same, as `<sender>.<number>.kept`, for some days: when the database was
put back to an earlier state, the journals alone know what has left since (G13).
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

ROTATE_AT = 16_000_000  # bytes
TAIL = 262_144  # bytes
KEPT_DAYS = 14  # longer than anybody should go back to a backup; about 150 bytes a mail


class Begun(NamedTuple):
    """A body that was handed over. `address_hash` is the keyed hash of its address, in hexadecimal; `claim` the claim
    under which it was in hand."""

    row: int
    message_id: str
    dispatch: int
    address_hash: str
    claim: int = 0


@dataclass(slots=True)
class Testimony:
    """What a journal says."""

    sender: UUID
    same_boot: bool
    until: float = 0.0  # seconds since 1970: nothing in it is younger
    begun: dict[int, Begun] = field(default_factory=dict)  # every body handed over
    replied: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> (state, reply)
    reasons: dict[int, str] = field(default_factory=dict)  # dispatch -> reason


class Journal:
    """The journal of a living sender. Raises OSError where it can't be written; then it is not there."""

    def __init__(self, folder: Path, sender: UUID) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{sender}.journal"
        self._descriptor = _locked(self.path)
        self._known: set[int] = set()
        self._noted: list[str] = []
        self._size = 0
        self._cut = False  # whether the last line is a piece: what follows must not be glued to it
        try:
            self._write(f"boot {boot_id()}\n")
        except OSError:  # nobody would ever let go of it, and this host would pass for one that works
            self.path.unlink()
            self._let_go()
            raise

    def body_begins(self, begun: Begun, reason: str) -> None:
        """Before the first byte of a body. Replies that were noted meanwhile are written with it."""
        if begun.dispatch not in self._known:
            self._known.add(begun.dispatch)
            self._noted.append(f"D {begun.dispatch} {reason}\n")
        self._noted.append(_begun_line(begun))
        self.flush()

    def replied(self, row: int, state: str, reply: str) -> None:
        """After the reply was read; on disk at the next `flush` or body."""
        self._noted.append(f"{state} {row} {' '.join(reply.split())[:100]}\n")

    def flush(self) -> None:
        """Write what was noted."""
        if self._noted:
            self._write("".join(self._noted))
            self._noted.clear()

    def rotate(self) -> None:
        """Go on in a new file, which is locked before it takes the old one's place; the old one is kept."""
        self.flush()
        fresh = self.path.with_suffix(".part")
        descriptor = _locked(fresh)
        try:
            os.link(self.path, _kept_name(self.path))
            fresh.rename(self.path)
        except OSError:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._descriptor, self._size, self._cut = descriptor, 0, False
        self._known.clear()
        self._write(f"boot {boot_id()}\n")

    @property
    def is_long(self) -> bool:
        """Whether it is time to rotate."""
        return self._size > ROTATE_AT

    def close(self) -> None:
        """Everything is in the database: nothing to testify but what is kept."""
        try:
            self.flush()
            keep(self.path)
        finally:
            self._let_go()

    def abandon(self) -> None:
        """Let go of the journal and leave it to whoever reconciles. Where the disk is full the last replies are lost:
        their rows are in doubt, but the lock must be let go, or nobody ever speaks for them."""
        with contextlib.suppress(OSError):
            self.flush()
        self._let_go()

    def _let_go(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1  # the number is soon another file's: whoever still writes here must fail

    def _write(self, lines: str) -> None:
        data = (b"\n" if self._cut else b"") + lines.encode()
        written = os.write(self._descriptor, data)
        self._size += written
        self._cut = written != len(data)
        if self._cut:  # a full disk: the body must not leave (fault 12)
            raise OSError("the journal can't be written")


def keep(path: Path) -> None:
    """Put a journal aside whose rows are all settled."""
    path.rename(_kept_name(path))


def forget(folder: Path, *, now: datetime) -> None:
    """Delete kept journals that no restore will ask for any more."""
    limit = now.timestamp() - KEPT_DAYS * 86_400
    for path in folder.glob("*.kept"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)


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


def read(folder: Path, sender: UUID) -> Testimony:
    """What the journal of a sender says, in all its files. A cut last line is a `B` at the worst: doubt, never a second
    mail."""
    testimony = Testimony(sender=sender, same_boot=False)
    for path in [*sorted(folder.glob(f"{sender}.*.kept")), folder / f"{sender}.journal"]:
        if path.exists():
            testimony.until = max(testimony.until, path.stat().st_mtime)
            with path.open(errors="replace") as lines:
                for line in lines:
                    _take_in(testimony, line.rstrip("\n"))
    return testimony


def all_in(folder: Path, *, since: datetime | None = None) -> Iterator[Testimony]:
    """What every sender of this host has handed over: living, dead, and long gone but kept. With `since`, only of
    senders that wrote after it."""
    for sender in sorted({path.name.partition(".")[0] for path in _files(folder, since)}):
        yield read(folder, UUID(sender))


def newest_claims(folder: Path, *, since: datetime) -> list[Begun]:
    """Of each journal that was written after `since`, a body of the newest claim in it: claims of one sender come one
    after the other, so a database that knows this one knows all before it."""
    return [newest for path in _files(folder, since) if (newest := _newest_claim(path))]


def any_alive(folder: Path) -> bool:
    """Whether a sender of this host still has its journal in hand."""
    return any(is_alive(folder, UUID(path.stem)) for path in folder.glob("*.journal"))


def _files(folder: Path, since: datetime | None) -> list[Path]:
    found = [*folder.glob("*.journal"), *folder.glob("*.kept")] if folder.is_dir() else []
    return [path for path in found if since is None or path.stat().st_mtime >= since.timestamp()]


def _newest_claim(path: Path) -> Begun | None:
    """From the end of a journal: what a sender has in hand at a time is far less."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL))
        lines = stream.read().decode(errors="replace").split("\n")[:-1]  # a line without its end is cut
    testimony = Testimony(UUID(path.name.partition(".")[0]), same_boot=False)
    for line in lines:
        _take_in(testimony, line)
    return max(testimony.begun.values(), key=lambda one: one.claim, default=None)


def _take_in(testimony: Testimony, line: str) -> None:
    word, _, rest = line.partition(" ")
    if word == "boot":
        testimony.same_boot = rest == boot_id()
        return
    number, _, words = rest.partition(" ")
    if not number.isdigit():
        return
    if word == "D":
        testimony.reasons[int(number)] = words
    elif word == "B":
        message_id, _, more = words.partition(" ")
        dispatch, _, more = more.partition(" ")
        address_hash, _, claim = more.partition(" ")
        row = int(number)
        testimony.begun[row] = Begun(row, message_id, _number(dispatch), address_hash, _number(claim))
        testimony.replied.pop(row, None)
    elif word in ("accepted", "refused", "queued"):
        testimony.replied[int(number)] = (word, words)


def _begun_line(begun: Begun) -> str:
    return f"B {begun.row} {begun.message_id} {begun.dispatch} {begun.address_hash} {begun.claim}\n"


def _number(word: str) -> int:
    return int(word) if word.isdigit() else 0


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _kept_name(path: Path) -> Path:
    return path.with_name(f"{path.stem}.{time.time_ns()}.kept")


def boot_id() -> str:
    """Which boot of the machine this is."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"

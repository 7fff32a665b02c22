"""What a host remembers of its database, in its data folder, in files that no copy keeps true.

    host      who this folder is: an id made at random, and how its machine looked; written once
    counter   the highest count that the database has told us; written in place at each renewal of a permit
    seal      inode and change time (ctime) of `counter`, written right after it

Nobody can set a file's change time: whatever copies, unpacks or puts back these files gives `counter` another one, and
the seal does not fit any more. A copy below the file system (an image of the disk) keeps it: there the machine or the
folder's path differs. A machine that is set back to its own image as a whole can't know it; the manual says so.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from tashika.delivery.arming import machine

READINGS = 5
TORN = 60_000_000_000  # nanoseconds: a counter that is newer than its seal, after a crash between the two


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the files say. `doubt` is '' where they are the ones that were written here: else `copied`, or
    `other_machine`, or `other_folder`."""

    host: UUID
    counter: int
    doubt: str


class Memory:
    """The files in `<data folder>/arming`. Several processes of a host may use them at once. Nobody waits for another
    one, who may be frozen: readers take no lock, a writer that finds one leaves it to the next time."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / "arming"

    def read(self) -> Remembered | None:
        """What is remembered here; None where nothing is."""
        found = self._read()
        for _ in range(READINGS):
            if found is None or not found.doubt:
                break
            time.sleep(0.01)  # perhaps it was read while it was written
            found = self._read()
        return found

    def begin(self) -> UUID:
        """From now on this folder is a host of its own, which remembers nothing yet; its id. Raises OSError while
        another process is at it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            found = self.read()
            if found and not found.doubt:  # another process was quicker
                return found.host
            host = uuid4()
            for name in ("counter", "seal"):
                (self._folder / name).unlink(missing_ok=True)
            self._write(0)
            words = json.dumps({"id": str(host), "signals": machine.signals(self._data)}, indent=1)
            draft = self._folder / "host.part"
            draft.write_text(words)
            draft.replace(self._folder / "host")
            return host

    def remember(self, counter: int) -> None:
        """Keep a count that the database has told us; a lower one changes nothing."""
        with contextlib.suppress(BlockingIOError), self._locked():
            found = self._read()
            if found and not found.doubt and counter > found.counter:
                self._write(counter)

    def _read(self) -> Remembered | None:
        try:
            words = json.loads((self._folder / "host").read_text())
            host, then = UUID(words["id"]), words["signals"]
        except (OSError, ValueError, KeyError):
            return None
        sign = machine.differs(then, machine.signals(self._data))
        doubt = {"": "", "folder": "other_folder"}.get(sign, "other_machine")
        try:
            sealed, inode, changed = map(int, (self._folder / "seal").read_text().split())
            counter = int((self._folder / "counter").read_text())
        except (OSError, ValueError):
            return Remembered(host, 0, "copied")
        about = (self._folder / "counter").stat()
        fits = about.st_ino == inode and _same_moment(about.st_ctime_ns, changed)
        torn = about.st_ino == inode and counter > sealed and 0 <= about.st_ctime_ns - changed < TORN
        return Remembered(host, counter, doubt if fits or torn else "copied")

    def _write(self, counter: int) -> None:
        path = self._folder / "counter"
        _put(path, f"{counter:020d}\n")
        about = path.stat()
        _put(self._folder / "seal", f"{counter:020d} {about.st_ino:020d} {about.st_ctime_ns:020d}\n")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)


def own_host(data: Path) -> UUID | None:
    """Who this data folder is; None where it does not know, or is a copy."""
    found = Memory(data).read()
    return found.host if found and not found.doubt else None


def _put(path: Path, words: str) -> None:
    """Write in place, always the same number of bytes: never an empty file, whatever happens, and the same inode."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, words.encode(), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _same_moment(one: int, other: int) -> bool:
    """Whether two change times are the same; some file systems keep whole seconds on disk."""
    return one == other or (
        one // 1_000_000_000 == other // 1_000_000_000 and 0 in (one % 1_000_000_000, other % 1_000_000_000)
    )

"""A log that grows and is rotated: its lines from a place on. Pure.

A place is a moment, the file's inode and an offset in it: all that was written before that moment stands before it.
Whoever notes one now and then finds the lines since any moment without understanding their dates.
"""

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 65_536  # bytes of a line
_MARGIN = 60.0  # seconds by which a file's time of change may be behind


@dataclass(frozen=True, slots=True)
class Place:
    """`at` is seconds since 1970."""

    at: float
    inode: int = 0
    offset: int = 0


def end(path: Path, at: float) -> Place:
    """The place behind the log's last whole line. Raises OSError."""
    with path.open("rb") as stream:
        found = os.fstat(stream.fileno())
        tail = stream.seek(max(0, found.st_size - _LONGEST))
        return Place(at, found.st_ino, tail + stream.read(_LONGEST).rfind(b"\n") + 1)


def lines(path: Path, start: Place, until: Place) -> Iterator[str]:
    """The lines from one place to another, those of rotated files first. Without an inode: from the beginning of every
    file that was written to since. Raises OSError."""
    for file in _since(path, start.at - _MARGIN):
        found = file.stat()
        offset = start.offset if (found.st_ino == start.inode and found.st_size >= start.offset) else 0
        stop = until.offset if found.st_ino == until.inode else found.st_size
        if file.suffix == ".gz":
            with gzip.open(file, "rt", encoding="utf-8", errors="replace") as packed:
                yield from packed
            continue
        with file.open("rb") as stream:
            stream.seek(offset)
            while stream.tell() < stop and (line := stream.readline()).endswith(b"\n"):
                yield line.decode("utf-8", "replace")


def _since(path: Path, moment: float) -> list[Path]:
    """The log and what it was rotated into, as far as written to since then, the oldest first."""
    beside = (one for one in path.parent.iterdir() if one.name.startswith(path.name) and one.is_file() and one != path)
    changed = sorted((one.stat().st_mtime, one) for one in beside)
    return [*(one for at, one in changed if at >= moment), path]

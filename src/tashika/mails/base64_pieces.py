"""Base64 of a text of which most never changes (RFC 2045 6.8: lines of 76, each ended by CRLF). Pure.

A line holds 57 bytes, so what a static run looks like in base64 depends only on how many bytes stand before it in its
first line: 57 ways, each encoded once and kept. What is left per mail is to encode the changing pieces.
"""

import binascii
import struct
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

_LINE = 57  # bytes of a full line
_LONG = 3 * _LINE  # bytes from which on a static run is worth keeping in base64
_MOST = 32_000  # bytes of static text: beyond that 57 copies of it would be too much memory

_Ways = dict[int, tuple[bytes, bytes]]


class Base64Pieces:
    """Encodes lists of pieces that are `pieces` but for the `changing` positions. `dynamic` are the stretches that are
    encoded anew for each mail; between two of them lies a long static run."""

    __slots__ = ("_runs", "dynamic")

    def __init__(self, pieces: Sequence[str], changing: Collection[int]) -> None:
        self.dynamic: list[slice] = []
        self._runs: list[tuple[bytes, _Ways]] = []
        static = [b"" if position in changing else piece.encode() for position, piece in enumerate(pieces)]
        keep = sum(map(len, static)) <= _MOST
        start = 0
        for position, data in enumerate(static):
            if keep and len(data) >= _LONG:
                self.dynamic.append(slice(start, position))
                self._runs.append((data, {}))
                start = position + 1
        self.dynamic.append(slice(start, len(static)))

    def encode(self, pieces: Sequence[str]) -> bytes:
        """The base64 of the joined pieces."""
        return self.encode_dynamic(["".join(pieces[stretch]).encode() for stretch in self.dynamic])

    def encode_dynamic(self, stretches: Sequence[bytes]) -> bytes:
        """The same, given what stands in the dynamic stretches. What changes is encoded at once, with as many bytes of
        the run behind it as fill its last line, and then cut where the runs go in between."""
        rest, lines = b"", 0
        changing: list[bytes] = []
        runs: list[tuple[int, bytes]] = []
        for (data, ways), stretch in zip(self._runs, stretches, strict=False):
            rest += stretch
            missing = -len(rest) % _LINE
            lines += (len(rest) + missing) // _LINE
            changing += (rest, data[:missing])
            encoded, rest = ways.get(missing) or _way(data, ways, missing)
            runs.append((lines, encoded))
        rest += stretches[-1]
        full = len(rest) // _LINE
        changing.append(rest[: full * _LINE])
        body = _lines(b"".join(changing))
        out: list[bytes] = []
        start = 0
        for line, encoded in runs:
            out += (body[start : line * 78], encoded)
            start = line * 78
        out.append(body[start:])
        if len(rest) > full * _LINE:
            out.append(binascii.b2a_base64(rest[full * _LINE :], newline=False) + b"\r\n")
        return b"".join(out)


def _way(data: bytes, ways: _Ways, missing: int) -> tuple[bytes, bytes]:
    full = (len(data) - missing) // _LINE * _LINE + missing
    ways[missing] = (_lines(data[missing:full]), data[full:])
    return ways[missing]


def _lines(data: bytes) -> bytes:
    """Full lines of base64."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join((*_cutter(len(encoded) // 76)(encoded), b""))


@lru_cache(maxsize=512)
def _cutter(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    return struct.Struct("76s" * count).unpack_from

"""Base64 of a text of which most never changes (RFC 2045 6.8: lines of 76, each ended by CRLF). Pure.

A line holds 57 bytes, so what a static run looks like in base64 depends only on how many bytes stand before it in its
first line: 57 ways, each encoded once and kept. What is left per mail is to encode the changing pieces.
"""

import binascii
import struct
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

_LINE = 57  # bytes of a full line
_LONG = 12 * _LINE  # bytes from which on a static run is cheaper to keep in base64 than to encode again
_MOST = 32_000  # bytes of static text: beyond that 57 copies of it would be too much memory

_Way = tuple[bytes, bytes, bytes]  # of a run: its bytes that fill the line begun before it, its full lines, its rest
_Ways = dict[int, _Way]


class Base64Pieces:
    """Encodes lists of pieces that are `pieces` but for the `changing` positions. `dynamic` are the stretches that are
    encoded anew for each mail; between two of them lies a long static run."""

    __slots__ = ("dynamic", "runs")

    def __init__(self, pieces: Sequence[str], changing: Collection[int]) -> None:
        self.dynamic: list[slice] = []
        self.runs: list[tuple[bytes, _Ways]] = []
        static = [b"" if position in changing else piece.encode() for position, piece in enumerate(pieces)]
        keep = sum(map(len, static)) <= _MOST
        start = 0
        for position, data in enumerate(static):
            if keep and len(data) >= _LONG:
                self.dynamic.append(slice(start, position))
                self.runs.append((data, {}))
                start = position + 1
        self.dynamic.append(slice(start, len(static)))

    def encode(self, pieces: Sequence[str]) -> bytes:
        """The base64 of the joined pieces."""
        return b"".join(encode_dynamic([self], ["".join(pieces[stretch]).encode() for stretch in self.dynamic], [b""]))


def encode_dynamic(parts: Sequence[Base64Pieces], stretches: Sequence[bytes], ends: Sequence[bytes]) -> list[bytes]:
    """The same for several parts, to be joined, given what stands in their dynamic stretches; `ends` stand behind each part.

    What changes is encoded at once, with as many bytes of the run behind it as fill its last line, and then cut where the
    runs go in between."""
    changing: list[bytes] = []
    cuts: list[tuple[int, bytes]] = []
    position = length = 0
    for part, end in zip(parts, ends, strict=True):
        rest = b""
        for data, ways in part.runs:
            begun = rest + stretches[position]
            position += 1
            missing = -len(begun) % _LINE
            filling, encoded, rest = ways.get(missing) or _way(data, ways, missing)
            changing += (begun, filling)
            length += (len(begun) + missing) // _LINE * 78
            cuts.append((length, encoded))
        last = rest + stretches[position]
        position += 1
        full = len(last) // _LINE
        length += full * 78
        changing.append(last[: full * _LINE])
        if len(last) > full * _LINE:
            end = binascii.b2a_base64(last[full * _LINE :], newline=False) + b"\r\n" + end
        cuts.append((length, end))
    body = _lines(b"".join(changing))
    out: list[bytes] = []
    start = 0
    for cut, static in cuts:
        out += (body[start:cut], static)
        start = cut
    return out


def _way(data: bytes, ways: _Ways, missing: int) -> _Way:
    full = (len(data) - missing) // _LINE * _LINE + missing
    ways[missing] = (data[:missing], _lines(data[missing:full]), data[full:])
    return ways[missing]


def _lines(data: bytes) -> bytes:
    """Full lines of base64."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join((*_cutter(len(encoded) // 76)(encoded), b""))


@lru_cache(maxsize=512)
def _cutter(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    return struct.Struct("76s" * count).unpack_from

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
    """Encodes lists of pieces that are `pieces` but for the `changing` positions."""

    __slots__ = ("_segments",)

    def __init__(self, pieces: Sequence[str], changing: Collection[int]) -> None:
        self._segments: list[slice | tuple[bytes, _Ways]] = []
        static = [b"" if position in changing else piece.encode() for position, piece in enumerate(pieces)]
        keep = sum(map(len, static)) <= _MOST
        start = 0
        for position, data in enumerate(static):
            if keep and len(data) >= _LONG:
                self._segments += [slice(start, position), (data, {})]
                start = position + 1
        self._segments.append(slice(start, len(static)))

    def encode(self, pieces: Sequence[str]) -> bytes:
        """The base64 of the joined pieces."""
        out: list[bytes] = []
        rest = b""  # bytes of a line that is not full
        for segment in self._segments:
            if type(segment) is slice:
                rest += "".join(pieces[segment]).encode()
                if len(rest) >= _LINE:
                    full = len(rest) // _LINE * _LINE
                    out.append(_lines(rest[:full]))
                    rest = rest[full:]
            else:
                data, ways = segment
                missing = -len(rest) % _LINE
                if missing:
                    out.append(binascii.b2a_base64(rest + data[:missing], newline=False) + b"\r\n")
                way = ways.get(missing)
                if way is None:
                    full = (len(data) - missing) // _LINE * _LINE + missing
                    way = ways[missing] = (_lines(data[missing:full]), data[full:])
                out.append(way[0])
                rest = way[1]
        if rest:
            out.append(binascii.b2a_base64(rest, newline=False) + b"\r\n")
        return b"".join(out)


def _lines(data: bytes) -> bytes:
    """Full lines of base64."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join((*_cutter(len(encoded) // 76)(encoded), b""))


@lru_cache(maxsize=512)
def _cutter(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    return struct.Struct("76s" * count).unpack_from

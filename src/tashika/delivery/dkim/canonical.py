"""The relaxed canonical form of a message (RFC 6376 3.4.2 and 3.4.4). Pure.

Bulk mail is built by our own engine and is almost canonical already, so that the common case costs a few searches;
whatever else comes takes the slow way and gives the same bytes.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

_FOLDS_AND_RUNS = re.compile(rb"[ \t]*(?:\r\n[ \t]+)+|[ \t]{2,}|\t")
_RUNS = re.compile(rb"[ \t]+")
_ENDS = re.compile(rb" +(?=\r\n|\Z)")
_NAME = re.compile(rb"[!-9;-~]+")  # RFC 5322 3.6.8


class UnableToSign(ValueError):
    """This message can't be signed so that the signature holds: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """A message ready to be signed: names of its fields in lower case, the fields, the hash of its body."""

    names: tuple[bytes, ...]
    fields: tuple[bytes, ...]
    body_hash: bytes


def canonical(message: bytes) -> Canonical:
    """The canonical form of a complete message with CRLF line ends. Raises UnableToSign."""
    refuse_bare_ends(message)
    head, separator, body = message.partition(b"\r\n\r\n")
    if not separator:
        head = head.removesuffix(b"\r\n")
    names, fields = fields_of(head)
    return Canonical(names, fields, hashlib.sha256(body_of(body)).digest())


def refuse_bare_ends(message: bytes) -> None:
    """A CR or LF alone is changed on the way, which breaks the signature (RFC 6376 5.3). Raises UnableToSign."""
    ends = message.count(b"\r\n")
    if message.count(b"\n") != ends or message.count(b"\r") != ends:
        raise UnableToSign("a line ends with a bare CR or LF")


def fields_of(head: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The names, in lower case, and the canonical fields, without CRLF, of a header section. Raises UnableToSign."""
    if b"\t" in head or b"  " in head or b" \r\n" in head:
        head = _FOLDS_AND_RUNS.sub(b" ", head)
    else:
        head = head.replace(b"\r\n ", b" ")
    names, fields = [], []
    for line in head.split(b"\r\n"):
        written, colon, value = line.partition(b":")
        if not colon:
            raise UnableToSign("a line of the header is no field")
        name = _lower(written)
        names.append(name)
        fields.append(name + b":" + value.strip(b" "))
    return tuple(names), tuple(fields)


@lru_cache(maxsize=256)
def _lower(name: bytes) -> bytes:
    """A field's name in lower case. Raises UnableToSign for what is none."""
    if not _NAME.fullmatch(name):
        raise UnableToSign("a line of the header is no field")
    return name.lower()


def body_of(body: bytes) -> bytes:
    """The canonical body: no white space at line ends, runs of it as one space, no empty lines at the end."""
    if b"\t" in body or b"  " in body or b" \r\n" in body or body.endswith(b" "):
        body = _ENDS.sub(b"", _RUNS.sub(b" ", body))
    if body.endswith(b"\r\n"):
        if body.endswith(b"\r\n\r\n") or body == b"\r\n":
            body = body.rstrip(b"\r\n")
            return body + b"\r\n" if body else b""
        return body
    return body + b"\r\n" if body else b""

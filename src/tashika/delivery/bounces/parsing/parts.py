"""The parts of a message (RFC 5322, RFC 2045-2047), read with limits on everything.

The standard library's parser follows a hostile nesting down until Python's stack ends, at a cost of lines times depth.
This one reads what reports are made of, each level once: at most LIMIT bytes, DEEPEST levels, MOST parts.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cached_property

LIMIT = 1_000_000  # bytes of a message that are looked at
HEAD_LIMIT = 65_536  # bytes of a header
DEEPEST = 6
MOST = 40
FIELD_LIMIT = 4_000  # characters of one header field
_FIELDS = 400
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_FIELD = re.compile(r"([!-9;-~]{1,80}):[ \t]*(.*)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[\w-]{1,40}\?[bqBQ]\?")
# By name, so that no other codec of Python is reached: some of them take quadratic time.
_CHARSETS = {
    "us-ascii": "utf-8", "utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "cp1252", "windows-1252": "cp1252",
    "iso-8859-15": "iso8859-15", "iso-2022-jp": "iso2022_jp_ext", "iso-2022-jp-1": "iso2022_jp_ext",
    "iso-2022-jp-3": "iso2022_jp_3", "iso-2022-jp-ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "cp932": "cp932",
    "euc-jp": "euc_jis_2004", "x-euc-jp": "euc_jis_2004", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5", "euc-kr": "cp949", "koi8-r": "koi8-r", "windows-1251": "cp1251", "iso-8859-2": "iso8859-2",
}  # fmt: skip


class Fields:
    """The fields of a header, names in lower case, folded lines joined."""

    def __init__(self, head: bytes) -> None:
        text = head[:HEAD_LIMIT].decode("utf-8", "surrogateescape")
        self.all: list[tuple[str, str]] = []
        lines: list[str] = []
        for line in [*text.splitlines(), ""]:
            if line[:1] in (" ", "\t") and lines:
                lines.append(line.strip())
                continue
            if lines and (found := _FIELD.match(" ".join(lines)[:FIELD_LIMIT])):
                self.all.append((found[1].lower(), found[2].strip()))
            if len(self.all) >= _FIELDS:
                break
            lines = [line] if line else []

    def get(self, name: str) -> str:
        """The first field of a name, or nothing."""
        return next((value for found, value in self.all if found == name), "")

    def every(self, *names: str) -> list[str]:
        """All fields of these names, in their order."""
        return [value for found, value in self.all if found in names]

    def words(self, name: str) -> str:
        """A field as people read it: encoded words decoded (RFC 2047)."""
        value = self.get(name)
        if not _ENCODED_WORD.search(value):
            return readable(value.encode("utf-8", "surrogateescape"))
        try:
            pieces = decode_header(value[:2000])
        except (HeaderParseError, ValueError, LookupError):
            return readable(value.encode("utf-8", "surrogateescape"))
        return "".join(
            readable(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces
        )

    def parameter(self, name: str, key: str) -> str:
        """A parameter of a structured field, such as the boundary of Content-Type."""
        found = re.search(rf"""(?i);\s*{key}\s*=\s*(?:"([^"]{{1,200}})"|([^\s;"]{{1,200}}))""", self.get(name))
        return (found[1] or found[2]) if found else ""


@dataclass(frozen=True)
class Part:
    """A part that has no parts of its own, or a whole message inside this one. `body` is as it stands in the bytes."""

    fields: Fields
    type: str
    body: bytes

    @cached_property
    def content(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = self.fields.get("content-transfer-encoding").lower()
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding == "base64":
            kept = re.sub(rb"[^A-Za-z0-9+/]", b"", self.body)
            kept = kept[:-1] if len(kept) % 4 == 1 else kept
            return base64.b64decode(kept + b"=" * (-len(kept) % 4))
        return self.body

    @cached_property
    def text(self) -> str:
        """The content as people read it, lines ended by a newline; HTML without its tags."""
        found = readable(self.content, self.fields.parameter("content-type", "charset"))
        found = found.replace("\r\n", "\n").replace("\r", "\n")
        if self.type != "text/html":
            return found
        found = re.sub(r"(?i)<(?:br|/p|/div|/tr|/h\d)\b[^<>]{0,200}>", "\n", found)
        return html.unescape(re.sub(r"<[^<>]{0,2000}>", "", found))


@dataclass(frozen=True)
class Message:
    """A message: its own fields, and its parts in their order, however they were nested."""

    fields: Fields
    parts: tuple[Part, ...]

    def of_type(self, *types: str) -> Part | None:
        """The first part of one of these types."""
        return next((part for part in self.parts if part.type in types), None)

    @cached_property
    def text(self) -> str:
        """What people read first: the text parts before any returned message, HTML only where there is no plain text."""
        seen: list[Part] = []
        for part in self.parts:
            if part.type in ("message/rfc822", "text/rfc822-headers", "message/global"):
                break
            if part.type.startswith("text/"):
                seen.append(part)
        plain = [part for part in seen if part.type != "text/html"] or seen
        return "\n".join(part.text for part in plain)[:200_000]


def split(raw: bytes) -> Message:
    """The parts of a message. Never raises; what goes beyond the limits is left out."""
    head, body = _head_and_body(raw[:LIMIT])
    fields = Fields(head)
    found: list[Part] = []
    for part in _leaves(fields, body, 0):
        found.append(part)
        if len(found) >= MOST:
            break
    return Message(fields, tuple(found))


def readable(content: bytes, charset: str = "") -> str:
    """Bytes as text: by the charset they name, else by what they look like. Never raises."""
    named = _CHARSETS.get(charset.strip().lower())
    tried = [named] if named else []
    tried += ["iso2022_jp_ext"] if b"\x1b$" in content or b"\x1b(" in content else []
    for codec in [*tried, "utf-8", "cp932"]:
        try:
            return content.decode(codec).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return content.decode(named or "utf-8", "replace").replace("\0", "")


def _leaves(fields: Fields, body: bytes, depth: int) -> Iterator[Part]:
    kind = (fields.get("content-type").partition(";")[0].strip().lower() or "text/plain")[:100]
    boundary = fields.parameter("content-type", "boundary")
    if not kind.startswith("multipart/") or not boundary or depth >= DEEPEST:
        yield Part(fields, kind, body)
        return
    for piece in _pieces(body, boundary.encode("utf-8", "surrogateescape")):
        head, inner = _head_and_body(piece)
        yield from _leaves(Fields(head), inner, depth + 1)


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    begin = None
    for mark in re.finditer(rb"(?m)^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$", body):
        if begin is not None:
            yield body[begin : mark.start()]
        begin = mark.end() + 1
        if mark[1]:
            return
    if begin is not None:  # cut off before its end
        yield body[begin:]


def _head_and_body(raw: bytes) -> tuple[bytes, bytes]:
    found = _END_OF_HEAD.search(raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")

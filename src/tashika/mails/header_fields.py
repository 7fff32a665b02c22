"""Header fields of a message: encoded words, addresses, dates. Pure. Everything returned is ASCII bytes without CRLF
other than folding, so that no value can begin a header of its own (G10)."""

import binascii
import re
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

_LINE = 76  # RFC 2047 section 2: a line with an encoded word is no longer than this
_WORD_BYTES = 45  # 75 characters less `=?UTF-8?B?` and `?=`, in base64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOT_ATOM = re.compile(rf"{_ATOM}+(?:\.{_ATOM}+)*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_USUAL = re.compile(rf"(?=[^@]{{1,64}}@.{{1,253}}\Z){_ATOM}+(?:\.{_ATOM}+)*@{_LABEL}(?:\.{_LABEL})*")
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_PLAIN = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,253}")
_URL = re.compile(r"https?://[!#-;=?-\[\]_a-z~%]{1,900}")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


class UnableToWriteHeader(Exception):
    """This value can't stand in a header field."""


def unstructured(text: str, *, taken: int) -> bytes:
    """RFC 2047: the text of a field such as Subject, folded, where `taken` characters of the first line are used.

    Control characters and line separators become one space.
    """
    text = one_line(text)
    if len(text) + taken <= _LINE and (not text or _PLAIN.fullmatch(text)):
        return text.encode("ascii")
    return b"\r\n ".join(_words(text, _LINE - taken))


def phrase(name: str, *, taken: int) -> bytes:
    """RFC 5322 display-name: atoms, a quoted string, or encoded words."""
    name = one_line(name)
    if name.isascii() and len(name) + taken <= 60 and "=?" not in name:
        if re.fullmatch(rf"{_ATOM}+(?: {_ATOM}+)*", name):
            return name.encode("ascii")
        return ('"' + re.sub(r'(["\\])', r"\\\1", name) + '"').encode("ascii")
    return b"\r\n ".join(_words(name, _LINE - taken))


def one_line(text: str) -> str:
    """The text without anything that could end a line or hide one: such characters become a space."""
    if _UNSAFE.search(text):
        text = re.sub(" {2,}", " ", _UNSAFE.sub(" ", text))
    return text.strip(" ")


def address_spec(address: str) -> bytes:
    """One address, ASCII. The domain goes in its ASCII form; a local part that breaks the rules of dots, as old
    Japanese carriers gave out (`abc..def@docomo.ne.jp`), is quoted (RFC 5322 3.4.1). Raises UnableToWriteHeader."""
    if _USUAL.fullmatch(address):
        return address.encode("ascii")
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise UnableToWriteHeader("address")
    if not _DOT_ATOM.fullmatch(local):
        local = f'"{local}"'
    return f"{local}@{domain}".encode("ascii")


def message_id(identifier: str) -> bytes:
    """The identifier for Message-ID, without its angle brackets. Raises UnableToWriteHeader."""
    if not _MESSAGE_ID.fullmatch(identifier):
        raise UnableToWriteHeader("message_id")
    return identifier.encode("ascii")


def url(address: str) -> bytes:
    """A URL inside angle brackets. Raises UnableToWriteHeader for anything but a plain http(s) URL."""
    if not _URL.fullmatch(address):
        raise UnableToWriteHeader("url")
    return address.encode("ascii")


def date_time(moment: datetime) -> bytes:
    """RFC 5322 date-time of an aware moment."""
    return _date_time(moment.replace(microsecond=0) if moment.microsecond else moment)


@lru_cache(maxsize=256)
def _date_time(second: datetime) -> bytes:
    if second.tzinfo is None:
        raise UnableToWriteHeader("date")
    return format_datetime(second).encode("ascii")


def _words(text: str, first: int) -> list[bytes]:
    """Encoded words of whole characters: the first fits `first` characters, the others 75."""
    room = min(_WORD_BYTES, max(3, (first - 12) // 4 * 3))
    data = text.encode()
    words = []
    start = 0
    while start < len(data):
        end = min(len(data), start + room)
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?UTF-8?B?" + binascii.b2a_base64(data[start:end], newline=False) + b"?=")
        start, room = end, _WORD_BYTES
    return words


@lru_cache(maxsize=1024)
def _ascii_domain(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise UnableToWriteHeader("address") from error

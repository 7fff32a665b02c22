"""Merge values as a template may see them, and as they are printed."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from markupsafe import escape

from tashika.mails.merging import YesNo, percent

_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
# What needs cleaning in a body, or escaping in HTML.
SUSPECT = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff&<>'\"]"
)
_MARKUP = re.compile("[&<>'\"]")
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Values(dict[str, Any]):
    """Values by their full names; `nested` is the same as Liquid wants it, made when first asked for."""

    __slots__ = ("_nested",)

    def nested(self, organisation: Mapping[str, str]) -> dict[str, Any]:
        """{"contact": {"family_name": …, "custom": {…}}, "organisation": {…}, …}."""
        try:
            return self._nested
        except AttributeError:
            self._nested: dict[str, Any] = {"organisation": organisation}
        for name, value in self.items():
            target = self._nested
            *path, last = name.split(".")
            for step in path:
                target = target.setdefault(step, {})
            target[last] = value
        return self._nested


@lru_cache(maxsize=4096)
def printer(fallback: str | None, html: bool, percent_encoded: bool) -> Callable[[Any], str]:
    """How a value is printed: its fallback where empty, percent-encoded in a link, escaped in HTML."""

    def text(value: Any) -> str:
        if fallback is not None and is_empty(value):
            value = fallback
        if percent_encoded:
            return percent(value)
        return "" if value is None else str(value)

    def markup(value: Any) -> str:
        if fallback is not None and is_empty(value):
            return fallback  # the author's own markup
        if value is None:
            return ""
        if type(value) is str and not _MARKUP.search(value):
            return value
        return str(escape(value))

    return markup if html and not percent_encoded else text


def is_empty(value: Any) -> bool:
    """What `default` takes for empty: nothing, an empty text, or no."""
    return value is None or value == "" or (type(value) is YesNo and not value.yes)


def clean(value: str) -> str:
    """A value as it may stand in a body: line ends as CRLF, no control characters, no lone surrogates."""
    if _UNSAFE.search(value):
        lines = [_UNSAFE.sub("\ufffd" if _has_surrogate(line) else "", line) for line in _LINE_ENDS.split(value)]
        return "\r\n".join(lines)
    return value


def _has_surrogate(line: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in line)


def scalar(value: Any) -> Any:
    """What a template may see of a value: text, number, yes/no or nothing."""
    if value is None or type(value) is int:
        return value
    if type(value) is bool:
        return YesNo(value)
    if type(value) is float:
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple):
        return clean("、".join(str(item) for item in value))
    return clean(str(value))


def crlf(text: str) -> str:
    """Canonical line ends, as RFC 2045 6.8 wants them before base64."""
    text = _LINE_ENDS.sub("\r\n", text)
    return text if text.endswith("\r\n") or not text else text + "\r\n"

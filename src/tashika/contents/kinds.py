"""What a kind of content knows of itself and all others need: each room registers its kind when it is loaded.

So that versions, differences, copies and drafts are one mechanism although the rooms of the kinds stand below this one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tashika.contents.models import Content
from tashika.contents.outlines import Part


def _nothing(content: Content, made: Content, now: datetime) -> None:
    """Most kinds are their draft and no more."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of a kind.

    `accepted` gives the draft's known entries in their types, or raises a TashikaError naming the entry; `outline` says
    in words what stands in a draft; `for_copy` is the draft that a copy begins with; `copied` brings along what belongs
    to a content beside its draft.
    """

    accepted: Callable[[Mapping[str, Any]], dict[str, Any]]
    outline: Callable[[Mapping[str, Any]], list[Part]]
    for_copy: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    copied: Callable[[Content, Content, datetime], None] = _nothing


_WAYS: dict[str, Ways] = {}


def register(kind: str, ways: Ways) -> None:
    """Called by each room's AppConfig.ready."""
    _WAYS[kind] = ways


def of(kind: str) -> Ways:
    """The ways of a kind."""
    return _WAYS[kind]

"""What the routers of segments, mails and scenarios share: a content as it is shown, found and listed."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from tashika.api.paging import page
from tashika.contents import queries
from tashika.contents.models import Content
from tashika.core.errors import NotFound
from tashika.core.text import t


class ContentOut(Schema):
    """A content with its draft. Send `revision` back when you save: if somebody saved meanwhile you get 409."""

    public_id: str
    name: str
    draft: dict[str, Any]
    revision: int = Field(validation_alias="draft_revision")
    saved_at: datetime = Field(validation_alias="draft_saved_at")


class ContentPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[ContentOut]
    next: int | None


class DraftIn(Schema):
    """A draft. `revision` is the one that you had read; leave it out to overwrite whatever is there."""

    name: str = Field(min_length=1, max_length=200)
    draft: dict[str, Any]
    revision: int | None = None


class VersionOut(Schema):
    """An immutable version."""

    number: int
    name: str
    hash: str
    made_at: datetime


def of(kind: str, public_id: str) -> Content:
    """The content of that ID and kind. Raises NotFound."""
    content = queries.by_public_id(public_id)
    if content.kind != kind:
        raise NotFound(t("{id} は別の種類のIDです。", "{id} is of another kind.", id=public_id))
    return content


def listed(kind: str, *, after: int, limit: int) -> dict[str, Any]:
    """The contents of a kind, the highest number first."""
    return page(queries.of_kind(kind), key="number", after=after, limit=limit, newest_first=True)


def versions_of(content: Content) -> list[dict[str, Any]]:
    """The versions of a content, the newest first."""
    return [
        {"number": one.number, "name": one.name, "hash": bytes(one.hash).hex(), "made_at": one.made_at}
        for one in content.versions.order_by("-number")
    ]

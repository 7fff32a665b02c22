"""Reads of contents."""

import re

from django.db.models import QuerySet

from tashika.contents.models import LETTERS, Content, DraftRevision, Version
from tashika.core.errors import NotFound
from tashika.core.text import t

_KINDS = {letter: kind for kind, letter in LETTERS.items()}


def by_public_id(public_id: str) -> Content:
    """The content of an ID such as S-12. Raises NotFound."""
    match = re.fullmatch(r"\s*([SGMLFD])-?(\d{1,9})\s*", public_id.upper())
    content = Content.objects.filter(kind=_KINDS[match[1]], number=int(match[2])).first() if match else None
    if content is None:
        raise NotFound(t("{id} は見つかりません。", "There is no {id}.", id=public_id))
    return content


def of_kind(kind: str) -> QuerySet[Content]:
    """The contents of a kind that are not archived, latest change first."""
    return Content.objects.filter(kind=kind, archived_at=None).order_by("-draft_saved_at")


def versions_of(content: Content) -> QuerySet[Version]:
    """The versions of a content, the newest first."""
    return content.versions.select_related("made_by").order_by("-number")


def revisions_of(content: Content) -> QuerySet[DraftRevision]:
    """What people left as its draft, and what was set aside, the newest first."""
    return DraftRevision.objects.filter(content=content).order_by("-last_at", "-pk")

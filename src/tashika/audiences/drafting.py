"""Drafts of segments: what may stand in one, and what a copy brings along."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from tashika.audiences import matching
from tashika.contents.models import Content


def accepted(draft: Mapping[str, Any]) -> dict[str, Any]:
    """A rule that can be understood, or a static list. Raises UnableToMatch with the place."""
    if draft.get("static") is True:
        return {"static": True}
    matching.audience_sql({"rule": draft.get("rule")})
    return {"rule": draft.get("rule")}


def copy_members(content: Content, made: Content, now: datetime) -> None:
    """A copy of a static list has the same people on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audiences_static_member (content_id, contact_id, added_at)"
            " SELECT %s, contact_id, %s FROM audiences_static_member WHERE content_id = %s",
            [made.pk, now, content.pk],
        )

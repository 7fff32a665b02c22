"""Who changed what, when: the draft is remembered after each person's saves of a few minutes."""

from datetime import datetime, timedelta
from typing import Any

from tashika.accounts.models import User
from tashika.contents.models import Content, DraftRevision

TOGETHER = timedelta(minutes=5)  # saves of one person within this span are one row: an editor saves each second


def remember(content: Content, *, label: str, now: datetime, apart: bool = False) -> None:
    """Remember the draft as it has just been saved, in a row of its own if `apart`. Within the transaction of the save."""
    newest = DraftRevision.objects.filter(content=content, aside=False).order_by("-last_revision").first()
    if newest is not None and not apart and _goes_on(newest, content, label, now):
        newest.name, newest.draft = content.name, content.draft
        newest.last_revision, newest.last_at = content.draft_revision, now
        newest.save(update_fields=["name", "draft", "last_revision", "last_at"])
        return
    _add(content, content.name, content.draft, content.draft_saved_by, label, now, aside=False)


def set_aside(
    content: Content, *, name: str, draft: dict[str, Any], by: User, label: str, now: datetime
) -> DraftRevision:
    """Keep what somebody had written when another had saved first, and did not choose."""
    return _add(content, name or content.name, draft, by, label, now, aside=True)


def _goes_on(newest: DraftRevision, content: Content, label: str, now: datetime) -> bool:
    """Whether a save belongs to the newest row. What a content was made with stays a row of its own."""
    same = newest.by_id == content.draft_saved_by_id and newest.by_label == label
    return same and newest.first_revision > 1 and newest.first_at <= now < newest.first_at + TOGETHER


def _add(
    content: Content, name: str, draft: dict[str, Any], by: User | None, label: str, now: datetime, *, aside: bool
) -> DraftRevision:
    return DraftRevision.objects.create(
        content=content,
        first_revision=content.draft_revision,
        last_revision=content.draft_revision,
        name=name,
        draft=draft,
        first_at=now,
        last_at=now,
        by=by,
        by_label=label,
        aside=aside,
    )

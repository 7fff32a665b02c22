"""Drafts of scenarios: what may stand in one, and taking one out of the list."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.contents import archiving
from tashika.contents.models import Content
from tashika.core.actors import Actor
from tashika.core.errors import Conflict
from tashika.core.text import t
from tashika.scenarios import broadcasts, queries
from tashika.scenarios.broadcasts import UnableToReadBroadcast
from tashika.scenarios.flow import reading

EMPTY: dict[str, Any] = {"type": "broadcast", "segment": "", "mail": "", "send_at": None, "relay": None}


def accepted(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The draft of a scenario with nothing missing. What a broadcast or a node needs may still be empty. Raises
    UnableToReadBroadcast or UnableToReadFlow naming the entry that is none, or whose value can't be one."""
    if draft.get("type") == "flow":
        return reading.accepted(draft)
    for key in draft:
        if key not in EMPTY:
            raise UnableToReadBroadcast(
                t("一斉配信に {key} という項目はありません。", "A broadcast has no {key}.", key=key), where=key
            )
    found = {**EMPTY, **draft}
    valid = {
        "type": found["type"] == "broadcast",
        "segment": isinstance(found["segment"], str),
        "mail": isinstance(found["mail"], str),
        "relay": found["relay"] is None or type(found["relay"]) is int,
    }
    for key, good in valid.items():
        if not good:
            raise UnableToReadBroadcast(
                t("{key} の値が正しくありません。", "The value of {key} is not valid.", key=key), where=key
            )
    broadcasts.moment_of(found)
    return found


def for_copy(draft: Mapping[str, Any]) -> dict[str, Any]:
    """What a copy begins with: a broadcast without its time, so that it can't leave by an old one."""
    return {**draft, "send_at": None} if draft.get("type", "broadcast") == "broadcast" else dict(draft)


def archive(*, scenario: Content, by: Actor, now: datetime) -> None:
    """Take a scenario out of the list. Raises Conflict while it is published, Frozen."""
    with transaction.atomic():
        Content.objects.select_for_update().get(pk=scenario.pk)
        if queries.live(scenario) is not None:
            raise Conflict(
                t("{id} は公開中です。", "{id} is published.", id=scenario.public_id),
                fix=t("先に非公開にしてください。", "Unpublish it first."),
            )
        archiving.archive(content=scenario, by=by, now=now)

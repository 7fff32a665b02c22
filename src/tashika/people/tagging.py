"""Tags, put and taken in sets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.people import sources
from tashika.people.models import Source, Tag, Tagging


def of_name(name: str, *, now: datetime) -> Tag:
    """The tag of a name, made if there is none."""
    tag, _ = Tag.objects.get_or_create(name=name.strip()[:100], defaults={"created_at": now})
    return tag


def put(*, tag: Tag, contacts: tuple[str, Sequence[Any]], source: Source, now: datetime) -> int:
    """Put a tag on a set of contacts, given as a SELECT of ids; how many did not have it."""
    statement, values = contacts
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_tagging (contact_id, tag_id, at, source_id)"
            f" SELECT id, %s, %s, %s FROM people_contact WHERE id IN ({statement}) FOR KEY SHARE ON CONFLICT DO NOTHING",
            [tag.pk, now, source.pk, *values],
        )
        return int(cursor.rowcount)


def put_on(*, tag: Tag, contact_ids: list[int], by: Actor, now: datetime) -> int:
    """Put a tag on some contacts by hand."""
    with transaction.atomic():
        count = put(
            tag=tag,
            contacts=("SELECT unnest(%s::bigint[])", [contact_ids]),
            source=sources.of_actor(by, now=now),
            now=now,
        )
        audit.record(actor=by, verb="tag", subject=f"tag:{tag.pk}", now=now, detail={"contacts": count})
    return count


def take_off(*, tag: Tag, contact_ids: list[int], by: Actor, now: datetime) -> int:
    """Take a tag off some contacts by hand."""
    with transaction.atomic():
        count, _ = Tagging.objects.filter(tag=tag, contact_id__in=contact_ids).delete()
        audit.record(actor=by, verb="untag", subject=f"tag:{tag.pk}", now=now, detail={"contacts": count})
    return count

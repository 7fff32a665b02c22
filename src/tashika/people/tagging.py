"""Tags, put and taken in sets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import sources
from tashika.people.models import Source, Tag
from tashika.people.searching import Narrowing, ids_sql


class UnableToChoose(TashikaError):
    """Nobody was named, and everybody was not meant."""

    code = "unable_to_choose"
    status = 422

    @classmethod
    def nobody(cls) -> "UnableToChoose":
        """A search without words, tag, company or consent."""
        return cls(
            t("条件がありません。", "Nothing narrows the search."),
            fix=t("全員につけるときは everybody を true にしてください。", "For everybody set everybody to true."),
            where="everybody",
        )


Chosen = tuple[str, Sequence[Any]]  # a SELECT of contact ids with its parameters


def of_name(name: str, *, now: datetime) -> Tag:
    """The tag that a name means, made if there is none."""
    tag, _ = Tag.objects.select_related("leads_to").get_or_create(name=name.strip()[:100], defaults={"created_at": now})
    return tag.leads_to or tag


def put(*, tag: Tag, contacts: Chosen, source: Source, now: datetime) -> int:
    """Put a tag on a set of contacts, given as a SELECT of ids; how many did not have it."""
    statement, values = contacts
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_tagging (contact_id, tag_id, at, source_id)"
            f" SELECT id, %s, %s, %s FROM people_contact WHERE id IN ({statement}) FOR KEY SHARE ON CONFLICT DO NOTHING",
            [tag.pk, now, source.pk, *values],
        )
        return int(cursor.rowcount)


def remove(*, tag: Tag, contacts: Chosen, source: Source, now: datetime) -> int:
    """Take a tag off a set of contacts; how many had it. A tag that is there knows since when and from where by itself;
    one that goes leaves a line in the history."""
    statement, values = contacts
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH gone AS (DELETE FROM people_tagging WHERE tag_id = %s AND contact_id IN ({statement})"
            " RETURNING contact_id) INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
            " SELECT contact_id, %s, %s, 'untagged',"
            " jsonb_build_object('tag', jsonb_build_array(%s::text, NULL)) FROM gone",
            [tag.pk, *values, now, source.pk, tag.name],
        )
        return int(cursor.rowcount)


def put_on(*, tag: Tag, contact_ids: list[int], by: Actor, now: datetime) -> int:
    """Put a tag on some contacts by hand."""
    return _put(tag, _of_ids(contact_ids), by, now)


def put_on_found(*, tag: Tag, narrowing: Narrowing, by: Actor, now: datetime) -> int:
    """Put a tag on everybody whom a search finds at this moment; how many did not have it."""
    return _put(tag, ids_sql(narrowing), by, now)


def take_off(*, tag: Tag, contact_ids: list[int], by: Actor, now: datetime) -> int:
    """Take a tag off some contacts by hand; how many had it."""
    return _take(tag, _of_ids(contact_ids), by, now)


def take_off_found(*, tag: Tag, narrowing: Narrowing, by: Actor, now: datetime) -> int:
    """Take a tag off everybody whom a search finds at this moment; how many had it."""
    return _take(tag, ids_sql(narrowing), by, now)


def remove_all(*, tag: Tag, source: Source, now: datetime) -> int:
    """Take a tag off everybody who has it, in the caller's transaction and audit entry; how many had it."""
    everybody = ("SELECT g.contact_id FROM people_tagging g WHERE g.tag_id = %s", [tag.pk])
    return remove(tag=tag, contacts=everybody, source=source, now=now)


def _put(tag: Tag, contacts: Chosen, by: Actor, now: datetime) -> int:
    with transaction.atomic():
        count = put(tag=tag, contacts=contacts, source=sources.of_actor(by, now=now), now=now)
        audit.record(
            actor=by, verb="tag", subject=f"tag:{tag.pk}", now=now, detail={"name": tag.name, "contacts": count}
        )
    return count


def _take(tag: Tag, contacts: Chosen, by: Actor, now: datetime) -> int:
    with transaction.atomic():
        count = remove(tag=tag, contacts=contacts, source=sources.of_actor(by, now=now), now=now)
        audit.record(
            actor=by, verb="untag", subject=f"tag:{tag.pk}", now=now, detail={"name": tag.name, "contacts": count}
        )
    return count


def _of_ids(contact_ids: list[int]) -> Chosen:
    return "SELECT unnest(%s::bigint[])", [contact_ids]

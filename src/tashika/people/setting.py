"""Set a value for a set of contacts, in the caller's transaction; the old values stay in the history."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from tashika.people import fields
from tashika.people.models import Source

SETTABLE = (
    "department",
    "job_title",
    "prefecture",
    "note",
)  # what a rule may set; names and addresses are people's own


def settable() -> list[str]:
    """The fields that may be set for many: some of the contact's own, and custom ones in use."""
    return [*SETTABLE, *(f"custom.{one.key}" for one in fields.active())]


def set_field(*, name: str, value: str, contact_ids: Sequence[int], source: Source, now: datetime) -> int:
    """Set a field; how many had another value. An empty value empties it. Raises fields.UnableToUseValue where it does
    not fit the field's type, KeyError for a field that may not be set."""
    if name.startswith("custom."):
        return _set_custom(name.removeprefix("custom."), value, contact_ids, source, now)
    if name not in SETTABLE:
        raise KeyError(name)
    statement = (
        f"WITH old AS (SELECT id, {name} AS value FROM people_contact WHERE id = ANY (%s) AND {name} <> %s FOR UPDATE),"
        f" done AS (UPDATE people_contact c SET {name} = %s, updated_at = %s, field_sources = c.field_sources ||"
        " jsonb_build_object(%s::text, %s::bigint) FROM old WHERE c.id = old.id)"
        " INSERT INTO people_contact_history (contact_id, at, source_id, act, changes) SELECT id, %s, %s, 'updated',"
        " jsonb_build_object(%s::text, jsonb_build_array(old.value, %s::text)) FROM old"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [list(contact_ids), value, value, now, name, source.pk, now, source.pk, name, value],
        )
        return int(cursor.rowcount)


def _set_custom(key: str, value: str, contact_ids: Sequence[int], source: Source, now: datetime) -> int:
    kept: Any = fields.cleaned({key: value})
    new = json.dumps(kept.get(key))
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH old AS (SELECT id, custom FROM people_contact WHERE id = ANY (%(ids)s)"
            "   AND coalesce(custom -> %(key)s, 'null') <> %(new)s::jsonb FOR UPDATE),"
            " fresh AS (SELECT id, custom, jsonb_strip_nulls((custom - %(key)s) || jsonb_build_object(%(key)s,"
            "   %(new)s::jsonb)) AS changed FROM old),"
            " done AS (UPDATE people_contact c SET custom = fresh.changed, updated_at = %(now)s, field_sources ="
            "   c.field_sources || jsonb_build_object('custom', %(source)s::bigint) FROM fresh WHERE c.id = fresh.id)"
            " INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
            " SELECT id, %(now)s, %(source)s, 'updated',"
            "   jsonb_build_object('custom', jsonb_build_array(custom, changed)) FROM fresh",
            {"ids": list(contact_ids), "key": key, "new": new, "now": now, "source": source.pk},
        )
        return int(cursor.rowcount)


def add_score(*, add: int, rank: str | None, contact_ids: Sequence[int], source: Source, now: datetime) -> int:
    """Add to the score of contacts, and give them a rank where one is said; how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH old AS (SELECT id, score, rank FROM people_contact WHERE id = ANY (%(ids)s)"
            "   AND (%(add)s <> 0 OR rank <> coalesce(%(rank)s, rank)) FOR UPDATE),"
            " done AS (UPDATE people_contact c SET score = old.score + %(add)s, rank = coalesce(%(rank)s, old.rank),"
            "   updated_at = %(now)s FROM old WHERE c.id = old.id)"
            " INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
            " SELECT id, %(now)s, %(source)s, 'updated', jsonb_build_object('score', jsonb_build_array(score, score +"
            "   %(add)s)) || CASE WHEN coalesce(%(rank)s, rank) <> rank THEN jsonb_build_object('rank',"
            "   jsonb_build_array(rank, %(rank)s::text)) ELSE '{}' END FROM old",
            {"ids": list(contact_ids), "add": add, "rank": rank, "now": now, "source": source.pk},
        )
        return int(cursor.rowcount)

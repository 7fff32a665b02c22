"""A prepared chunk into the database, as sets: staged by COPY, then inserted and updated by statements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from tashika.people.addresses import address_key
from tashika.people.models import Import
from tashika.people.preparing import CELL_SEPARATOR, FIXED, Chunk, columns_of
from tashika.people.rows import Judged


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a chunk's rows: they add up to its length."""

    created: int
    updated: int
    skipped: int
    quarantined: int


def write(*, contact_import: Import, chunk: Chunk, now: datetime) -> Counts:
    """Write a chunk in the caller's transaction."""
    names = columns_of(contact_import.mapping)
    with connection.cursor() as cursor:
        # The search index gathers a chunk's entries and merges them as one, instead of entry by entry.
        cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'")
        known = _stage(cursor, chunk, names)
        doubled = _quarantine_doubles(cursor, contact_import) if known else 0
        created = updated = 0
        if "company_name" in names:
            _companies(cursor)
        if known and contact_import.options["mode"] in ("update", "both"):
            updated = _update(cursor, contact_import, names, now)
        if contact_import.options["mode"] in ("new", "both"):
            created = _insert(cursor, contact_import, names, now)
        _consent(cursor, contact_import, now)
        _tags(cursor, contact_import, now)
        cursor.execute("DROP TABLE import_stage")
        if chunk.refused:
            with cursor.copy(
                "COPY people_quarantined_row (contact_import_id, number, cells, reasons, settled) FROM STDIN"
            ) as copy:
                copy.write(chunk.bad)
    skipped = chunk.rows - chunk.refused - doubled - created - updated
    return Counts(created, updated, skipped, chunk.refused + doubled)


def changed_pairs(judged: Judged) -> tuple[int, list[dict[str, Any]]]:
    """How many known addresses would get another name, with examples: the sign of rows that have shifted."""
    pairs = [
        (address_key(values["email"]), values.get("family_name", ""), values.get("given_name", ""), number)
        for number, values in judged.good
        if values.get("family_name")
    ]
    if not pairs:
        return 0, []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.number, c.family_name || ' ' || c.given_name, p.family || ' ' || p.given"
            " FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) p(key, family, given, number)"
            " JOIN people_contact c ON c.email_key = p.key"
            " WHERE c.family_name <> '' AND c.family_name <> p.family",
            [list(column) for column in zip(*pairs, strict=True)],
        )
        found = cursor.fetchall()
    shown = [
        {"row": row[0], "field": "family_name", "code": "changed_pairs", "value": f"{row[1]} → {row[2]}"}
        for row in found[:5]
    ]
    return len(found), shown


def _stage(cursor: Any, chunk: Chunk, names: list[str]) -> int:
    """Stage a chunk; returns how many of its addresses are known."""
    columns = "".join(f", {name} text" for name in names)
    cursor.execute(
        "CREATE TEMP TABLE import_stage (number bigint, email text, email_key text, address_hash bytea, company_key text,"
        f" custom jsonb, tags text, owner text, cells text{columns},"
        " contact_id bigint, consent text, outcome text) ON COMMIT DROP"
    )
    with cursor.copy(f"COPY import_stage ({', '.join([*FIXED, *names])}) FROM STDIN") as copy:
        copy.write(chunk.good)
    cursor.execute("ANALYZE import_stage (number)")  # or the planner takes the stage for nearly empty
    cursor.execute(
        "UPDATE import_stage s SET contact_id = c.id, consent = c.consent FROM people_contact c"
        " WHERE c.email_key = s.email_key"
    )
    return int(cursor.rowcount)


def _quarantine_doubles(cursor: Any, contact_import: Import) -> int:
    """Rows whose address an earlier row of this very file has created or changed."""
    cursor.execute(
        "WITH doubled AS (DELETE FROM import_stage s USING people_contact c WHERE c.id = s.contact_id"
        " AND (c.source_id = %s OR EXISTS"
        " (SELECT FROM people_contact_history h WHERE h.contact_id = c.id AND h.source_id = %s)) RETURNING s.*)"
        " INSERT INTO people_quarantined_row (contact_import_id, number, cells, reasons, settled)"
        " SELECT %s, number, to_jsonb(string_to_array(cells, %s)), jsonb_build_array(jsonb_build_object("
        "'code', 'duplicate_in_file', 'field', 'email', 'value', email)), '' FROM doubled"
        " ON CONFLICT (contact_import_id, number) DO UPDATE SET reasons = excluded.reasons",  # a row being corrected
        [contact_import.source_id, contact_import.source_id, contact_import.pk, CELL_SEPARATOR],
    )
    return int(cursor.rowcount)


def _companies(cursor: Any) -> None:
    cursor.execute(
        "INSERT INTO people_company (name, key) SELECT DISTINCT ON (s.company_key) s.company_name, s.company_key"
        " FROM import_stage s WHERE s.company_key <> ''"
        " AND NOT EXISTS (SELECT FROM people_company k WHERE k.key = s.company_key)"
        " ORDER BY s.company_key, s.number ON CONFLICT (key) DO NOTHING"
    )


def _insert(cursor: Any, contact_import: Import, names: list[str], now: datetime) -> int:
    columns = "".join(f", {name}" for name in names)
    staged = "".join(f", s.{name}" for name in names)
    cursor.execute(
        f"WITH made AS (INSERT INTO people_contact (email, email_key, address_hash, custom, company_id, owner_id, consent, opted_out_at,"
        f" source_id, field_sources, created_at, updated_at{columns})"
        f" SELECT s.email, s.email_key, s.address_hash, s.custom, k.id, u.id,"
        f" CASE WHEN x.id IS NOT NULL THEN 'withdrawn' WHEN %s THEN 'given' ELSE 'none' END,"
        f" CASE WHEN x.id IS NOT NULL THEN x.since END, %s, '{{}}', %s, %s{staged}"
        f" FROM import_stage s LEFT JOIN people_company k ON k.key = s.company_key AND s.company_key <> ''"
        f" LEFT JOIN accounts_user u ON u.email = lower(s.owner) AND s.owner <> ''"
        f" LEFT JOIN people_suppression x ON x.address_hash = s.address_hash AND x.reason = 'opt_out'"
        f" WHERE s.contact_id IS NULL ON CONFLICT (email_key) DO NOTHING"
        f" RETURNING id, email_key, consent)"
        f" UPDATE import_stage s SET contact_id = made.id, consent = made.consent, outcome = 'created'"
        f" FROM made WHERE made.email_key = s.email_key",
        [bool(contact_import.options.get("consent_ground")), contact_import.source_id, now, now],
    )
    return int(cursor.rowcount)


def _update(cursor: Any, contact_import: Import, names: list[str], now: datetime) -> int:
    """Known contacts get the file's values; blank cells change nothing unless a person chose so. Old values are kept."""
    source, blanks = contact_import.source_id, bool(contact_import.options["blanks_overwrite"])
    wanted = {"custom": "c.custom || s.custom"}
    wanted |= {name: f"s.{name}" if blanks else f"coalesce(nullif(s.{name}, ''), c.{name})" for name in names}
    differs = " OR ".join(f"c.{name} <> {value}" for name, value in wanted.items())
    changes = ", ".join(
        f"'{name}', CASE WHEN c.{name} <> {value} THEN jsonb_build_array(c.{name}, {value}) END"
        for name, value in wanted.items()
    )
    sources = ", ".join(
        f"'{name}', CASE WHEN c.{name} <> {value} THEN {int(source or 0)} END" for name, value in wanted.items()
    )
    settings = ", ".join(f"{name} = {value}" for name, value in wanted.items())
    cursor.execute(
        f"INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
        f" SELECT c.id, %s, %s, 'updated', jsonb_strip_nulls(jsonb_build_object({changes}))"
        f" FROM import_stage s JOIN people_contact c ON c.id = s.contact_id WHERE {differs}",
        [now, source],
    )
    cursor.execute(
        f"UPDATE people_contact c SET {settings}, updated_at = %s,"
        f" field_sources = c.field_sources || jsonb_strip_nulls(jsonb_build_object({sources})),"
        f" company_id = coalesce((SELECT k.id FROM people_company k WHERE k.key = nullif(s.company_key, '')), c.company_id)"
        f" FROM import_stage s WHERE c.id = s.contact_id AND ({differs})",
        [now],
    )
    updated = int(cursor.rowcount)
    cursor.execute("UPDATE import_stage SET outcome = 'known' WHERE contact_id IS NOT NULL")
    return updated


def _consent(cursor: Any, contact_import: Import, now: datetime) -> None:
    """Consent of the contacts that the file names, where a person has said on which ground."""
    options = contact_import.options
    if not options.get("consent_ground"):
        return
    cursor.execute(
        "INSERT INTO people_consent (contact_id, address_hash, state, ground, detail, at, source_id)"
        " SELECT contact_id, address_hash, 'given', %s, %s, %s, %s FROM import_stage"
        " WHERE outcome IS NOT NULL AND consent <> 'withdrawn'",
        [options["consent_ground"], options.get("consent_detail", "")[:500], now, contact_import.source_id],
    )
    cursor.execute(
        "UPDATE people_contact c SET consent = 'given' FROM import_stage s"
        " WHERE c.id = s.contact_id AND s.outcome = 'known' AND s.consent = 'none'"
    )


def _tags(cursor: Any, contact_import: Import, now: datetime) -> None:
    """The import's tags, and those of the rows, for the contacts that the file names."""
    if "tags" in contact_import.mapping:
        _tag(cursor, contact_import, now, "unnest(string_to_array(s.tags, ';'))", [])
    for tag in contact_import.options.get("tags", []):
        _tag(cursor, contact_import, now, "%s::text", [tag])


def _tag(cursor: Any, contact_import: Import, now: datetime, words: str, parameters: list[str]) -> None:
    """Tag by words, an SQL expression over the stage `s`."""
    cursor.execute(
        f"WITH words AS (SELECT s.contact_id, left(btrim({words}), 100) AS word FROM import_stage s"
        " WHERE s.outcome IS NOT NULL), made AS (INSERT INTO people_tag (name, created_at)"
        " SELECT DISTINCT word, %s::timestamptz FROM words WHERE word <> ''"
        " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, name)"
        " INSERT INTO people_tagging (contact_id, tag_id, at, source_id)"
        " SELECT words.contact_id, made.id, %s::timestamptz, %s::bigint FROM words JOIN made ON made.name = words.word"
        " ON CONFLICT DO NOTHING",
        [*parameters, now, now, contact_import.source_id],
    )

"""A prepared chunk into the database, as sets: staged by COPY, then inserted and updated by statements."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from tashika.people.addresses import address_key
from tashika.people.models import Import
from tashika.people.preparing import FIXED, Chunk, columns_of, doubled
from tashika.people.rows import Judged


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a chunk's rows: they add up to its length."""

    created: int
    updated: int
    skipped: int
    quarantined: int


def write(*, contact_import: Import, chunk: Chunk, now: datetime) -> Counts:
    """Write a chunk in the caller's transaction. An address that another door adds at this very moment is known at the
    second attempt."""
    try:
        with transaction.atomic():
            return _write(contact_import, chunk, now)
    except IntegrityError:
        return _write(contact_import, chunk, now)


def _write(contact_import: Import, chunk: Chunk, now: datetime) -> Counts:
    names = columns_of(contact_import.mapping)
    mode = contact_import.options["mode"]
    with connection.cursor() as cursor:
        # The search index gathers a chunk's entries and merges them as one, instead of entry by entry.
        cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'")
        known = _stage(cursor, contact_import, chunk, names)
        again = _quarantine_doubles(cursor, contact_import, chunk) if known else 0
        if mode != "both":
            cursor.execute("DELETE FROM import_stage WHERE known = %s", [mode == "new"])
        if "company_name" in names:
            _companies(cursor)
        updated = _update(cursor, contact_import, names, now) if known and mode != "new" else 0
        created = _insert(cursor, contact_import, names, now) if mode != "update" else 0
        _consent(cursor, contact_import, now)
        _tags(cursor, contact_import, now)
        cursor.execute("DROP TABLE import_stage")
        if chunk.refused:
            with cursor.copy(
                "COPY people_quarantined_row (contact_import_id, number, cells, reasons, settled) FROM STDIN"
            ) as copy:
                copy.write(chunk.bad)
    skipped = chunk.rows - chunk.refused - again - created - updated
    return Counts(created, updated, skipped, chunk.refused + again)


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


def _stage(cursor: Any, contact_import: Import, chunk: Chunk, names: list[str]) -> int:
    """Stage a chunk: each row with the id that its contact has or will have, and the consent that it has or will have.
    Returns how many of its addresses are known."""
    columns = "".join(f", {name} text" for name in names)
    consent = "given" if contact_import.options.get("consent_ground") else "none"
    cursor.execute(
        "CREATE TEMP TABLE import_stage (number bigint, email text, email_key text, address_hash bytea, company_key text,"
        f" custom jsonb, tags text, owner text{columns},"
        " id bigint DEFAULT nextval('people_contact_id_seq'), known boolean DEFAULT false,"
        f" consent text DEFAULT '{consent}', opted_out_at timestamptz) ON COMMIT DROP"
    )
    with cursor.copy(f"COPY import_stage ({', '.join([*FIXED, *names])}) FROM STDIN") as copy:
        copy.write(chunk.good)
    cursor.execute("ANALYZE import_stage (number)")  # or the planner takes the stage for nearly empty
    cursor.execute(
        "UPDATE import_stage s SET consent = 'withdrawn', opted_out_at = x.since FROM people_suppression x"
        " WHERE x.address_hash = s.address_hash AND x.reason = 'opt_out'"
    )
    cursor.execute(
        "UPDATE import_stage s SET id = c.id, known = true, consent = c.consent FROM"
        " (SELECT id, email_key, consent FROM people_contact WHERE email_key IN (SELECT email_key FROM import_stage)"
        " ORDER BY id FOR NO KEY UPDATE) c WHERE c.email_key = s.email_key"
    )
    return int(cursor.rowcount)


def _quarantine_doubles(cursor: Any, contact_import: Import, chunk: Chunk) -> int:
    """Rows whose address an earlier row of this very file has created or changed."""
    cursor.execute(
        "DELETE FROM import_stage s USING people_contact c WHERE s.known AND c.id = s.id AND (c.source_id = %s OR EXISTS"
        " (SELECT FROM people_contact_history h WHERE h.contact_id = c.id AND h.source_id = %s))"
        " RETURNING s.number, s.email",
        [contact_import.source_id, contact_import.source_id],
    )
    found = dict(cursor.fetchall())
    cells = chunk.cells_of(set(found)) if found else {}
    cursor.executemany(
        "INSERT INTO people_quarantined_row (contact_import_id, number, cells, reasons, settled)"
        " VALUES (%s, %s, %s, %s, '')"
        " ON CONFLICT (contact_import_id, number) DO UPDATE SET reasons = excluded.reasons",  # a row being corrected
        [
            (contact_import.pk, number, json.dumps(cells[number]), json.dumps([doubled(email)]))
            for number, email in found.items()
        ],
    )
    return len(found)


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
        "INSERT INTO people_contact (id, email, email_key, address_hash, custom, company_id, owner_id, consent,"
        f" opted_out_at, source_id, created_at, updated_at{columns})"
        " SELECT s.id, s.email, s.email_key, s.address_hash, s.custom, coalesce(k.leads_to_id, k.id), u.id, s.consent,"
        f" s.opted_out_at, %s, %s, %s{staged}"
        " FROM import_stage s LEFT JOIN people_company k ON k.key = s.company_key AND s.company_key <> ''"
        " LEFT JOIN accounts_user u ON u.email = lower(s.owner) AND s.owner <> ''"
        " WHERE NOT s.known",
        [contact_import.source_id, now, now],
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
        f" FROM import_stage s JOIN people_contact c ON c.id = s.id WHERE s.known AND ({differs})",
        [now, source],
    )
    cursor.execute(
        f"UPDATE people_contact c SET {settings}, updated_at = %s,"
        f" field_sources = c.field_sources || jsonb_strip_nulls(jsonb_build_object({sources})),"
        f" company_id = coalesce((SELECT coalesce(k.leads_to_id, k.id) FROM people_company k WHERE k.key = nullif(s.company_key, '')), c.company_id)"
        f" FROM import_stage s WHERE s.known AND c.id = s.id AND ({differs})",
        [now],
    )
    return int(cursor.rowcount)


def _consent(cursor: Any, contact_import: Import, now: datetime) -> None:
    """Consent of the contacts that the file names, where a person has said on which ground."""
    options = contact_import.options
    if not options.get("consent_ground"):
        return
    cursor.execute(
        "INSERT INTO people_consent (contact_id, address_hash, state, ground, detail, at, source_id)"
        " SELECT id, address_hash, 'given', %s, %s, %s, %s FROM import_stage WHERE consent <> 'withdrawn'",
        [options["consent_ground"], options.get("consent_detail", "")[:500], now, contact_import.source_id],
    )
    cursor.execute(
        "UPDATE people_contact c SET consent = 'given' FROM import_stage s"
        " WHERE s.known AND s.consent = 'none' AND c.id = s.id"
    )


def _tags(cursor: Any, contact_import: Import, now: datetime) -> None:
    """The import's tags, and those of the rows, on the contacts that the file names."""
    words = (
        "SELECT id, known, left(btrim(word), 100) AS word FROM (SELECT id, known,"
        " unnest(string_to_array(tags, ';') || %s::text[]) AS word FROM import_stage)"
    )
    tags = contact_import.options.get("tags", [])
    if not tags and "tags" not in contact_import.mapping:
        return
    cursor.execute(
        f"INSERT INTO people_tag (name, created_at) SELECT DISTINCT word, %s::timestamptz FROM ({words})"
        " WHERE word <> '' AND word NOT IN (SELECT name FROM people_tag) ON CONFLICT (name) DO NOTHING",
        [now, tags],
    )
    cursor.execute(
        "INSERT INTO people_tagging (contact_id, tag_id, at, source_id)"
        " SELECT w.id, w.tag_id, %s, %s FROM (SELECT DISTINCT s.id, s.known, coalesce(g.leads_to_id, g.id) AS tag_id"
        f" FROM ({words}) s JOIN people_tag g ON g.name = s.word) w WHERE NOT (w.known AND EXISTS"
        " (SELECT FROM people_tagging put WHERE put.tag_id = w.tag_id AND put.contact_id = w.id))",
        [now, contact_import.source_id, tags],
    )

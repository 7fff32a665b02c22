"""A chunk of rows into the database, as sets: staged by COPY, then inserted and updated by statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from tashika.people.addresses import address_hash, address_key
from tashika.people.companies import company_key
from tashika.people.contacts import TEXT_FIELDS
from tashika.people.models import Import, QuarantinedRow
from tashika.people.rows import Bad, Judged


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a chunk's rows: they add up to its length."""

    created: int
    updated: int
    skipped: int
    quarantined: int


_company_key = lru_cache(maxsize=50_000)(company_key)


def write(*, contact_import: Import, judged: Judged, now: datetime) -> Counts:
    """Write a judged chunk in the caller's transaction."""
    names = [name for name in contact_import.mapping if name in TEXT_FIELDS or name == "full_name"]
    if "full_name" in names:
        names = [name for name in names if name != "full_name"] + ["family_name", "given_name"]
    good, doubled = _first_of_each(judged)
    with connection.cursor() as cursor:
        # The search index gathers a chunk's entries and merges them as one, instead of entry by entry.
        cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'")
        _stage(cursor, good, names)
        doubled += _touched_already(cursor, contact_import, judged)
        created = updated = 0
        _companies(cursor)
        if contact_import.options["mode"] in ("update", "both"):
            updated = _update(cursor, contact_import, names, now)
        if contact_import.options["mode"] in ("new", "both"):
            created = _insert(cursor, contact_import, names, now)
        cursor.execute("SELECT count(*) FROM import_stage")
        staged = int(cursor.fetchone()[0])
        _after(cursor, contact_import, now)
        cursor.execute("DROP TABLE import_stage")
    quarantine(contact_import, [*judged.bad, *doubled])
    return Counts(created, updated, staged - created - updated, len(judged.bad) + len(doubled))


def quarantine(contact_import: Import, bad: Iterable[Bad]) -> None:
    """Keep rows that were not taken, with their reasons."""
    QuarantinedRow.objects.bulk_create(
        (
            QuarantinedRow(
                contact_import=contact_import,
                number=one.number,
                reasons=one.reasons,
                cells=[cell.replace("\0", "\ufffd") for cell in one.cells],
            )
            for one in bad
        ),
        batch_size=2000,
        ignore_conflicts=True,
    )


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


def _first_of_each(judged: Judged) -> tuple[list[tuple[int, dict[str, Any], str]], list[Bad]]:
    seen: set[str] = set()
    good: list[tuple[int, dict[str, Any], str]] = []
    doubled: list[Bad] = []
    for number, values in judged.good:
        key = address_key(values["email"])
        if key in seen:
            doubled.append(_double(number, judged.cells[number], values["email"]))
        else:
            seen.add(key)
            good.append((number, values, key))
    return good, doubled


def _stage(cursor: Any, good: list[tuple[int, dict[str, Any], str]], names: list[str]) -> None:
    columns = "".join(f", {name} text" for name in names)
    cursor.execute(
        "CREATE TEMP TABLE import_stage (number bigint, email text, email_key text, address_hash bytea, company_key text,"
        f" custom jsonb, tags text, owner text, contact_id bigint, outcome text{columns}) ON COMMIT DROP"
    )
    fields = "number, email, email_key, address_hash, company_key, custom, tags, owner" + "".join(
        f", {n}" for n in names
    )
    with cursor.copy(f"COPY import_stage ({fields}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "text", "text", "bytea", "text", "jsonb", "text", "text", *["text"] * len(names)])
        for number, values, key in good:
            custom = {
                name[7:]: value
                for name, value in values.items()
                if name.startswith("custom.") and value not in ("", None)
            }
            copy.write_row(
                [
                    number,
                    values["email"],
                    key,
                    address_hash(key),
                    _company_key(values.get("company_name", "")),
                    Jsonb(custom),
                    values.get("tags", ""),
                    values.get("owner", ""),
                    *[values.get(name, "") for name in names],
                ]
            )
    cursor.execute("UPDATE import_stage s SET contact_id = c.id FROM people_contact c WHERE c.email_key = s.email_key")


def _touched_already(cursor: Any, contact_import: Import, judged: Judged) -> list[Bad]:
    """Rows whose address an earlier row of this very file has created or changed."""
    cursor.execute(
        "DELETE FROM import_stage s USING people_contact c WHERE c.id = s.contact_id AND (c.source_id = %s OR EXISTS"
        " (SELECT FROM people_contact_history h WHERE h.contact_id = c.id AND h.source_id = %s))"
        " RETURNING s.number, s.email",
        [contact_import.source_id, contact_import.source_id],
    )
    return [_double(number, judged.cells[number], email) for number, email in cursor.fetchall()]


def _double(number: int, cells: list[str], email: str) -> Bad:
    return Bad(number, cells, [{"code": "duplicate_in_file", "field": "email", "value": email}])


def _companies(cursor: Any) -> None:
    cursor.execute(
        "SELECT 1 FROM information_schema.columns WHERE table_name = 'import_stage' AND column_name = 'company_name'"
    )
    if cursor.fetchone():
        cursor.execute(
            "INSERT INTO people_company (name, key) SELECT DISTINCT ON (company_key) company_name, company_key"
            " FROM import_stage WHERE company_key <> '' ORDER BY company_key, number ON CONFLICT (key) DO NOTHING"
        )


def _insert(cursor: Any, contact_import: Import, names: list[str], now: datetime) -> int:
    columns = "".join(f", {name}" for name in names)
    staged = "".join(f", s.{name}" for name in names)
    cursor.execute(
        f"INSERT INTO people_contact (email, email_key, address_hash, custom, company_id, owner_id, consent, opted_out_at,"
        f" source_id, field_sources, created_at, updated_at{columns})"
        f" SELECT s.email, s.email_key, s.address_hash, s.custom, k.id, u.id,"
        f" CASE WHEN x.id IS NOT NULL THEN 'withdrawn' WHEN %s THEN 'given' ELSE 'none' END,"
        f" CASE WHEN x.id IS NOT NULL THEN x.since END, %s, '{{}}', %s, %s{staged}"
        f" FROM import_stage s LEFT JOIN people_company k ON k.key = s.company_key AND s.company_key <> ''"
        f" LEFT JOIN accounts_user u ON u.email = lower(s.owner) AND s.owner <> ''"
        f" LEFT JOIN people_suppression x ON x.address_hash = s.address_hash AND x.reason = 'opt_out'"
        f" WHERE s.contact_id IS NULL ON CONFLICT (email_key) DO NOTHING",
        [bool(contact_import.options.get("consent_ground")), contact_import.source_id, now, now],
    )
    created = int(cursor.rowcount)
    cursor.execute(
        "UPDATE import_stage s SET contact_id = c.id, outcome = 'created' FROM people_contact c"
        " WHERE s.contact_id IS NULL AND c.email_key = s.email_key"
    )
    return created


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


def _after(cursor: Any, contact_import: Import, now: datetime) -> None:
    """Consent and tags for the contacts that the file names."""
    options = contact_import.options
    if options.get("consent_ground"):
        cursor.execute(
            "INSERT INTO people_consent (contact_id, address_hash, state, ground, detail, at, source_id)"
            " SELECT c.id, c.address_hash, 'given', %s, %s, %s, %s FROM import_stage s"
            " JOIN people_contact c ON c.id = s.contact_id WHERE s.outcome IS NOT NULL AND c.consent <> 'withdrawn'",
            [options["consent_ground"], options.get("consent_detail", "")[:500], now, contact_import.source_id],
        )
        cursor.execute(
            "UPDATE people_contact c SET consent = 'given' FROM import_stage s"
            " WHERE c.id = s.contact_id AND s.outcome = 'known' AND c.consent = 'none'"
        )
    cursor.execute(
        "WITH words AS (SELECT s.contact_id, btrim(w) AS word FROM import_stage s,"
        " unnest(string_to_array(s.tags, ';') || %s::text[]) w WHERE s.outcome IS NOT NULL AND btrim(w) <> ''),"
        " made AS (INSERT INTO people_tag (name, created_at) SELECT DISTINCT left(word, 100), %s::timestamptz FROM words"
        " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, name)"
        " INSERT INTO people_tagging (contact_id, tag_id, at, source_id)"
        " SELECT DISTINCT words.contact_id, made.id, %s::timestamptz, %s::bigint FROM words JOIN made ON made.name = left(words.word, 100)"
        " ON CONFLICT DO NOTHING",
        [list(options.get("tags", [])), now, now, contact_import.source_id],
    )

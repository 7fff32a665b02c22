"""Undo a whole import: what it created goes, what it changed gets its old values back, unless changed since."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people.contacts import TEXT_FIELDS
from tashika.people.models import Import


class UnableToUndo(TashikaError):
    """The import is not finished, or already undone."""

    code = "unable_to_undo"


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did; `kept` are contacts that were changed since and stay as they are."""

    removed: int
    restored: int
    kept: int


def undo(*, contact_import: Import, by: User, now: datetime) -> Undone:
    """Undo an import. Suppressions and opt-outs that came since stay. Raises UnableToUndo, NotAllowed."""
    require(by.role, "import")
    with transaction.atomic(), connection.cursor() as cursor:
        current = Import.objects.select_for_update().get(pk=contact_import.pk)
        if (
            current.state not in (Import.State.FINISHED, Import.State.FAILED, Import.State.CANCELLED)
            or not current.source_id
        ):
            raise UnableToUndo(t("この取り込みは元に戻せません。", "This import can't be undone."))
        source = current.source_id
        restored = sum(_restore(cursor, name, source) for name in (*TEXT_FIELDS, "custom"))
        cursor.execute(
            "INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
            " SELECT DISTINCT h.contact_id, %s::timestamptz, h.source_id, 'restored', '{}'::jsonb"
            " FROM people_contact_history h WHERE h.source_id = %s AND h.act = 'updated'",
            [now, source],
        )
        contacts_restored = int(cursor.rowcount)
        cursor.execute("DELETE FROM people_tagging WHERE source_id = %s", [source])
        cursor.execute(
            "DELETE FROM people_contact c WHERE c.source_id = %s AND c.consent <> 'withdrawn' AND NOT EXISTS"
            " (SELECT FROM people_contact_history h WHERE h.contact_id = c.id AND h.source_id <> %s)"
            " AND NOT EXISTS (SELECT FROM people_tagging g WHERE g.contact_id = c.id)",
            [source, source],
        )
        removed = int(cursor.rowcount)
        cursor.execute("SELECT count(*) FROM people_contact WHERE source_id = %s", [source])
        kept = int(cursor.fetchone()[0])
        current.state = Import.State.UNDONE
        current.save(update_fields=["state"])
        audit.record(
            actor=Actor("user", by.pk, str(by)),
            verb="undo_import",
            subject=str(current),
            now=now,
            detail={"removed": removed, "restored": contacts_restored, "kept": kept, "values": restored},
        )
    return Undone(removed, contacts_restored, kept)


def _restore(cursor: object, name: str, source: int) -> int:
    """Give one field its old value back where the import's value still stands."""
    arrow = "->" if name == "custom" else "->>"
    cursor.execute(  # type: ignore[attr-defined]
        f"UPDATE people_contact c SET {name} = h.changes -> '{name}' {arrow} 0,"
        f" field_sources = c.field_sources - '{name}'"
        f" FROM people_contact_history h WHERE h.source_id = %s AND h.act = 'updated' AND h.contact_id = c.id"
        f" AND h.changes ? '{name}' AND c.{name} = h.changes -> '{name}' {arrow} 1",
        [source],
    )
    return int(cursor.rowcount)  # type: ignore[attr-defined]

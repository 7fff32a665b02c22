"""G12: the audit trail only grows, and tampering shows."""

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from tashika.core import audit
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(now: datetime) -> list[AuditEntry]:
    """Three acts."""
    return [audit.record(actor=SYSTEM, verb="try", subject=f"S-{n}", now=now, detail={"n": n}) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_audit SET verb = 'other'",
        "DELETE FROM core_audit",
        "TRUNCATE core_audit",
    ],
)
def test_the_database_refuses_to_change_or_lose_an_entry(three: list[AuditEntry], statement: str) -> None:
    sql = statement.replace("core_audit", AuditEntry._meta.db_table)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.filter(verb="try").count() == 3


def test_a_whole_chain_has_no_broken_entry(three: list[AuditEntry]) -> None:
    assert audit.first_broken_entry() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET verb = 'other' WHERE id = %s",
        "UPDATE {table} SET detail = '{{}}' WHERE id = %s",
        "UPDATE {table} SET at = at + interval '1 second' WHERE id = %s",
    ],
)
def test_an_entry_altered_past_the_triggers_is_named(three: list[AuditEntry], statement: str) -> None:
    _without_triggers(statement, three[1].pk)
    assert audit.first_broken_entry() == three[1].pk


def test_an_entry_taken_out_past_the_triggers_shows_at_the_next_one(three: list[AuditEntry]) -> None:
    _without_triggers("DELETE FROM {table} WHERE id = %s", three[1].pk)
    assert audit.first_broken_entry() == three[2].pk


def _without_triggers(statement: str, key: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement.format(table=AuditEntry._meta.db_table), [key])
        cursor.execute("SET LOCAL session_replication_role = origin")

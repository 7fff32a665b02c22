"""Which migrations are missing is known without Django, and agrees with it."""

import psycopg
import pytest
from django.db import connection as django_connection
from django.db.migrations.loader import MigrationLoader

from tashika.core import database, migrating

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_sees_the_migrations_that_django_sees_in_rooms_within_rooms_too() -> None:
    on_disk = set(MigrationLoader(django_connection).disk_migrations)
    with psycopg.connect(database.conninfo(), options="-c search_path=pg_catalog") as nothing_migrated:
        assert migrating.missing(nothing_migrated) == on_disk
    assert ("bounces", "0001_initial") in on_disk


def test_one_that_is_not_recorded_is_missing() -> None:
    with psycopg.connect(database.conninfo()) as connection:
        assert migrating.missing(connection) == set()
        connection.execute("DELETE FROM django_migrations WHERE (app, name) = ('bounces', '0002_reports_are_kept')")
        assert migrating.missing(connection) == {("bounces", "0002_reports_are_kept")}
        connection.rollback()

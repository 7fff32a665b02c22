"""The house stands: a real database, migrations that match the models."""

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_a_real_postgresql_of_15_or_newer() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 150000


@pytest.mark.django_db
def test_migrations_match_the_models() -> None:
    assert call_command("makemigrations", "--check", "--dry-run", verbosity=0) is None

"""How the database is reached."""

import os
import subprocess
import sys

import pytest
from psycopg.conninfo import conninfo_to_dict

from tashika.core import database

pytestmark = pytest.mark.django_db

_OPTIONS = """
from tashika.core import settings
print(settings.DATABASES["default"]["OPTIONS"]["keepalives_idle"], settings.DATABASES["default"]["OPTIONS"]["sslmode"])
"""


def test_our_own_connections_give_up_a_silent_network_as_djangos_do() -> None:
    parameters = conninfo_to_dict(database.conninfo())
    names = ("connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
    assert [int(str(parameters[name])) for name in names] == [10, 10, 5, 3, 20_000]
    assert "application_name" not in parameters


def test_what_the_operator_says_of_the_connection_goes_first() -> None:
    url = "postgresql://tashika@db.example.jp/tashika?keepalives_idle=60&sslmode=verify-full"
    run = subprocess.run(
        [sys.executable, "-c", _OPTIONS], capture_output=True, text=True, env={**os.environ, "DATABASE_URL": url}
    )
    assert run.stdout.split() == ["60", "verify-full"], run.stderr

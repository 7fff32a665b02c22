"""What commands need before they can work: Django, and a database that is there and up to date."""

from pathlib import Path

import django
from django.db import connection

from tashika.core import config
from tashika.core.postgres import EmbeddedPostgres


def embedded() -> EmbeddedPostgres | None:
    """The embedded server of this data folder; None where DATABASE_URL names another."""
    return None if config.get("database_url") else EmbeddedPostgres(config.data_folder() / "postgresql")


def prepare() -> None:
    """Set Django up."""
    django.setup()


def migrate(*, quietly: bool = True) -> None:
    """Bring the tables up to date."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0 if quietly else 1, interactive=False)
    connection.close()


def prepare_data_folder() -> Path:
    """The data folder, made if it is not there. As root it must be walkable for the account that runs PostgreSQL."""
    folder = config.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journals").mkdir(exist_ok=True)
    folder.chmod(0o711)
    return folder

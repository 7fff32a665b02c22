"""A throwaway installation for benchmarks: a database of its own in a temporary folder, gone afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

_servers: dict[Path, Any] = {}


def prepare() -> Path:
    """Start the embedded PostgreSQL in a new folder, set Django up on it, migrate."""
    folder = Path(tempfile.mkdtemp(prefix="tashika-bench-"))
    folder.chmod(0o711)
    os.environ["TASHIKA_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tashika.core.settings"
    os.environ.pop("DATABASE_URL", None)
    from tashika.core.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(folder / "postgresql")
    server.start()
    _servers[folder] = server
    atexit.register(shutil.rmtree, folder, True)
    atexit.register(server.stop)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return folder


def start_anew(folder: Path) -> None:
    """Start the server of an installation anew: its own cache is empty then, the operating system's is not."""
    from django.db import connection

    connection.close()
    connection.close_pool()
    _servers[folder].stop()
    _servers[folder].start()


def attach(folder: str) -> None:
    """Set Django up on the installation that another process has prepared."""
    os.environ["TASHIKA_DATA"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "tashika.core.settings"
    import django

    django.setup()

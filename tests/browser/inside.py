"""A process inside a running installation: what a browser can't do for a test, such as letting time pass."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.browser.conftest import Installation

_LOOP = """
import json, sys
from bench import installation
installation.attach(sys.argv[1])
from django.db import connection
for line in sys.stdin:
    space = {}
    exec(json.loads(line), space)
    print(json.dumps(space.get("result")), flush=True)
"""
_WAIT = 180.0  # seconds; a loaded machine may need long


class Inside:
    """Runs Python in the installation; what it calls `result` comes back."""

    def __init__(self, at: Installation) -> None:
        self._at = at
        command = [sys.executable, "-c", _LOOP, at.environment["TASHIKA_DATA"]]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=at.environment
        )

    def run(self, code: str) -> Any:
        """Raises EOFError where the code fails."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise EOFError(code)
        return json.loads(answer)

    def figure(self, query: str) -> int:
        """The number that a query gives."""
        code = (
            f"from django.db import connection\nc = connection.cursor()\nc.execute({query!r})\nresult = c.fetchone()[0]"
        )
        return int(self.run(code))

    def wait_for(self, query: str, number: int) -> None:
        """Until a query gives a number."""
        deadline = time.monotonic() + _WAIT
        while (found := self.figure(query)) != number:
            assert time.monotonic() < deadline, f"{query}: {found}, not {number}"
            time.sleep(0.2)

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)


@contextlib.contextmanager
def driven_clock(at: Installation, folder: Path, begins: datetime) -> Iterator[Path]:
    """In place of the installation's worker, which is frozen, one whose clock is the file that this gives."""
    clock = folder / "clock"
    clock.write_text(begins.isoformat())
    frozen = [pid for pid in _workers(at) if not os.kill(pid, signal.SIGSTOP)]
    assert frozen, "no worker was found"
    command = [sys.executable, "-m", "bench.flow_walker", at.environment["TASHIKA_DATA"], str(clock)]
    walker = subprocess.Popen(command, env=at.environment)
    try:
        yield clock
    finally:
        walker.terminate()
        walker.wait(20)
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)


def turn(clock: Path, moment: datetime) -> None:
    """Set the driven clock, in one piece."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(moment.isoformat())
    fresh.replace(clock)


def _workers(at: Installation) -> list[int]:
    data = f"TASHIKA_DATA={at.environment['TASHIKA_DATA']}"
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes().split(b"\0")
            if b"worker" in words and data.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found

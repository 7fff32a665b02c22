"""Keep a handful of processes running as one: restart what ends, stop all in order, leave no orphan."""

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger("tashika.core")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
LONGEST_PAUSE = 15.0  # seconds between two starts of a process that keeps ending
STOP_TIMEOUT = 10.0  # seconds a process gets to finish what it is doing


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `number` to the child when the parent is gone, even by SIGKILL."""
    parent = os.getpid()

    def ask() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


@dataclass
class Child:
    """A process that is to run. `pause` grows while it keeps ending soon after its start."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    due: float = 0.0


@dataclass
class Supervisor:
    """Runs `children` until `end` is called or a signal comes; stops them in the order in which they are given."""

    children: list[Child]
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    ending: bool = False

    def run(self, *, watch: Callable[[], None] = lambda: None) -> None:
        """Start everything and stay until told to end. `watch` is called about five times a second."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self.end())
        try:
            while not self.ending:
                for child in self.children:
                    self._tend(child)
                watch()
                time.sleep(0.2)
        finally:
            self.stop()

    def end(self) -> None:
        """Ask `run` to stop everything and return."""
        self.ending = True

    def stop(self) -> None:
        """SIGTERM in order, the next one told at once; whoever is not gone in time is killed with its own children."""
        for child in self.children:
            if child.process and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        for child in self.children:
            if child.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            _kill_group(child.process)
            child.process.wait()
            child.process = None

    def _tend(self, child: Child) -> None:
        moment = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            _kill_group(child.process)
            child.process = None
            child.pause = 0.5 if moment - child.started > 30 else min(child.pause * 2, LONGEST_PAUSE)
            child.due = moment + child.pause
            log.warning("ended; again in a moment", extra={"child": child.name, "code": code, "pause": child.pause})
        if moment >= child.due:
            child.started = moment
            child.process = subprocess.Popen(
                child.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """What a process leaves behind in its own group (the web server's workers) goes with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

"""The wire between the far sender and the database: a network namespace, a pair of virtual cards, and a process that
hands the bytes on to PostgreSQL's socket (the embedded server opens no TCP port). Cutting it is pulling the plug: no
packet arrives, nobody is told. The SMTP server listens in the namespace's own loopback and stays reachable.
"""

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from tashika.core.supervisor import die_with_parent


def missing_for_network() -> str:
    """Why no network namespace can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "the command ip (package iproute2) is not there"
    probe = f"chaos-probe-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if tried.returncode:
        return f"no network namespace can be made: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return ""


class FarNetwork:
    """A namespace with one wire to the host's database."""

    def __init__(self, folder: Path) -> None:
        number = os.getpid() % 32_768
        self.name = f"chaos-{os.getpid()}"
        self._card = f"cdb{number}"
        # 198.18.0.0/15 is set aside for benchmarks (RFC 2544)
        here, there = (f"198.{18 + number // 16_384}.{number // 64 % 256}.{number % 64 * 4 + last}" for last in (1, 2))
        _ip("netns", "add", self.name)
        _ip("link", "add", self._card, "type", "veth", "peer", "name", "db0", "netns", self.name)
        _ip("addr", "add", f"{here}/30", "dev", self._card)
        _ip("link", "set", self._card, "up")
        _ip("-n", self.name, "addr", "add", f"{there}/30", "dev", "db0")
        _ip("-n", self.name, "link", "set", "db0", "up")
        _ip("-n", self.name, "link", "set", "lo", "up")
        target = folder / "disk" / "data" / "postgresql" / "socket" / ".s.PGSQL.5432"
        context = multiprocessing.get_context("fork")
        pipe, far = context.Pipe()
        dies = die_with_parent(signal.SIGKILL)
        self._relay = context.Process(target=_relay, args=(here, target, far, dies), daemon=True)
        self._relay.start()
        self.database_url = f"postgresql://tashika@{here}:{pipe.recv()}/tashika?connect_timeout=3"

    def enter(self) -> tuple[str, ...]:
        """What to put before a command so that it runs there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Pull the plug."""
        _ip("link", "set", self._card, "down")

    def mend(self) -> None:
        """Put it back."""
        _ip("link", "set", self._card, "up")

    def remove(self) -> None:
        """Take it down; the cards go with the namespace."""
        self._relay.kill()
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _relay(address: str, target: Path, pipe: Any, dies: Any) -> None:
    dies()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    listener = socket.create_server((address, 0))
    pipe.send(listener.getsockname()[1])
    while True:
        near, _ = listener.accept()
        threading.Thread(target=_join, args=(near, target), daemon=True).start()


def _join(near: socket.socket, target: Path) -> None:
    far = socket.socket(socket.AF_UNIX)
    try:
        far.connect(str(target))
    except OSError:
        near.close()
        return
    threading.Thread(target=_hand_on, args=(near, far), daemon=True).start()
    _hand_on(far, near)


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    """Bytes from one to the other until either ends; then both end."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

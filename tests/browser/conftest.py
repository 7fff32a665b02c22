"""A real browser against a real installation: `tashika up` in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Installation:
    """A running Tashika."""

    address: str
    setup_code: str
    process: subprocess.Popen[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """`tashika up`, first run, nothing in it."""
    tmp_path.chmod(0o711)
    for parent in tmp_path.parents[:3]:  # as root, the account of the database must be able to walk through
        if os.access(parent, os.W_OK) and parent != Path("/") and parent.owner() == Path(tmp_path).owner():
            parent.chmod(parent.stat().st_mode | 0o111)
    port = free_port()
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    environment |= {
        "TASHIKA_DATA": str(tmp_path / "data"),
        "TASHIKA_PORT": str(port),
        "TASHIKA_PRACTICE_PORT": str(free_port()),
        "TASHIKA_BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    log = (tmp_path / "up.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "tashika.cli", "up"], env=environment, stdout=log, stderr=log, text=True
    )
    address = f"http://127.0.0.1:{port}"
    _wait_for(port, process, tmp_path / "up.log")
    yield Installation(address, (tmp_path / "data" / "setup_code").read_text(), process)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_for(port: int, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def page() -> Iterator[Page]:
    """A page at 1440 px in Japanese."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP", accept_downloads=True)
        shown = context.new_page()
        problems: list[str] = []
        shown.on("pageerror", lambda error: problems.append(str(error)))
        yield shown
        browser.close()
        assert problems == []


def picture(page: Page, name: str) -> None:
    """Keep a picture for the manual, at both widths, when TASHIKA_PICTURES is set."""
    if not os.environ.get("TASHIKA_PICTURES"):
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=PICTURES / f"{name}-phone.png")
    page.set_viewport_size({"width": 1440, "height": 900})

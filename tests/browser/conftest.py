"""A real browser against a real installation: `tashika up` in a folder of its own."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser import pictures

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip
_JAPAN = 9 * 3600


@dataclass
class Installation:
    """A running Tashika. `secret` is the set-up code, or the demo's password."""

    address: str
    secret: str
    environment: dict[str, str]


@dataclass
class Desk:
    """A person before the browser, reading one language."""

    page: Page
    at: Installation
    language: str
    begun: float = field(default_factory=time.time)

    def t(self, ja: str, en: str) -> str:
        """The words that this person sees."""
        return ja if self.language == "ja" else en

    def goto(self, path: str) -> None:
        """Open one of our pages."""
        answer = self.page.goto(f"{self.at.address}{path}")
        assert answer is not None and answer.status == 200, path

    def picture(self, name: str) -> None:
        """Keep a picture for the manuals when they are being taken."""
        pictures.take(self.page, name, self.language, (self.begun + _JAPAN) * 1000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder() -> Iterator[Path]:
    """For the data. Not below pytest's own folder: as root, the account of the database must be able to walk to its
    files, and each session of pytest shuts that folder to others again."""
    found = Path(tempfile.mkdtemp(prefix="tashika-browser-"))
    found.chmod(0o711)
    yield found
    shutil.rmtree(found, ignore_errors=True)


@contextlib.contextmanager
def running(folder: Path, *options: str, **settings: str) -> Iterator[Installation]:
    """`tashika up` with options, in a folder."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    environment |= {
        "TASHIKA_DATA": str(folder / "data"),
        "TASHIKA_PORT": str(port),
        "TASHIKA_PRACTICE_PORT": str(free_port()),
        "TASHIKA_BASE_URL": address,
        "PYTHONPATH": os.pathsep.join(sys.path),
        **settings,
    }
    log = folder / "up.log"
    with log.open("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tashika.cli", "up", *options], env=environment, stdout=output, stderr=output
        )
        try:
            said = _wait_for(process, log)
            environment["TASHIKA_DATA"] += "-demo" if "--demo" in options else ""
            yield Installation(address, _secret(said), environment)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> str:
    """Until it says its address: everything is up then."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        said = log.read_text()
        assert process.poll() is None, said
        if "Ctrl-C" in said:
            return said
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _secret(said: str) -> str:
    found = re.search(r"設定コード: (\S+)|デモのログイン: \S+ +(\S+)", said)
    assert found, said
    return found[1] or found[2]


@pytest.fixture
def installation(folder: Path) -> Iterator[Installation]:
    """First run, nothing in it."""
    with running(folder) as found:
        yield found


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


@pytest.fixture
def desk(installation: Installation, page: Page, language: str) -> Desk:
    """At a fresh installation, in the test's language."""
    page.context.add_cookies([{"name": "language", "value": language, "url": installation.address}])
    return Desk(page, installation, language)

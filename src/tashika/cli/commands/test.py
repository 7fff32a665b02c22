"""`tashika test`: every check and every test of a checkout."""

import argparse
import os
import subprocess
import sys
import time

from tashika.cli.commands import lint

HELP = "run every check and every test (words after it go to pytest)"
NEEDS_DJANGO = False
PASSES_ON = True
_PACKAGES = ("chromium", "fonts-noto-cjk", "postfix", "dovecot-imapd", "libatomic1")  # libatomic1: Playwright's driver


def configure(parser: argparse.ArgumentParser) -> None:
    """Everything is passed on to pytest."""
    parser.add_argument("words", nargs="*", help="files or folders for pytest")


def run(arguments: argparse.Namespace) -> int:
    """Install what the operating system lacks, lint, then pytest. In CI a package that can't be had is a failure."""
    if missing := lacking():
        print(f"tests marked `system` are skipped: no rights to install {', '.join(missing)}", file=sys.stderr)
        if os.environ.get("CI") == "true":
            return 1
    began = time.monotonic()
    failed = lint.failures()
    # Most tests wait for real processes, so that one more at a time than there are cores costs the others little. Each has a
    # PostgreSQL of its own.
    beside = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
    tests = subprocess.run([sys.executable, "-m", "pytest", *beside, *arguments.words, *arguments.rest], cwd=lint.ROOT)
    if tests.returncode:
        failed.append("pytest")
    words = f"failed: {', '.join(failed)}" if failed else "all checks and tests passed"
    print(f"{f' {words} in {time.monotonic() - began:.0f} s ':=^80}", flush=True)
    return 1 if failed else 0


def lacking() -> list[str]:
    """Packages of the operating system that are missing after an attempt to install them."""
    missing = _missing()
    return missing if missing and not _install(missing) else []


def _missing() -> list[str]:
    query = ["dpkg-query", "-W", "-f", "${Status}"]
    lacking = []
    for package in _PACKAGES:
        try:
            found = subprocess.run([*query, package], capture_output=True, text=True)
        except FileNotFoundError:
            return list(_PACKAGES)
        if "install ok installed" not in found.stdout:
            lacking.append(package)
    return lacking


def _install(packages: list[str]) -> bool:
    """As root or with passwordless sudo. Postfix comes unconfigured and is not started as a service."""
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    script = (
        "export DEBIAN_FRONTEND=noninteractive; "
        'echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections; '
        "apt-get -qq update && RUNLEVEL=1 apt-get -qq install -y --no-install-recommends " + " ".join(packages)
    )
    try:
        return subprocess.run([*before, "sh", "-c", script], stdout=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False

"""`tashika screenshots`: the pictures of the manuals."""

import argparse
import os
import subprocess
import sys

from tashika.cli.commands import lint
from tashika.cli.commands import test as tests

HELP = "take the pictures of the manuals anew (docs/pictures), by the tests in the browser"
NEEDS_DJANGO = False


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--all", action="store_true", help="also those that look as before")


def run(arguments: argparse.Namespace) -> int:
    """Walk the whole job and the demo's pages in a browser, in both languages and both widths."""
    if lacking := tests.lacking():
        print(f"not installed and no rights to: {', '.join(lacking)}", file=sys.stderr)
        return 2
    environment = {**os.environ, "TASHIKA_PICTURES": "all" if arguments.all else "changed"}
    command = [sys.executable, "-m", "pytest", "tests/browser", "-q"]
    return subprocess.run(command, cwd=lint.ROOT, env=environment).returncode

"""`tashika bench NAME`: a benchmark of `bench/`."""

import argparse
import subprocess
import sys

from tashika.cli.commands import lint

HELP = "run bench/NAME.py"
NEEDS_DJANGO = False
PASSES_ON = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the name."""
    names = sorted(path.stem for path in (lint.ROOT / "bench").glob("*.py"))
    parser.add_argument("name", choices=names)


def run(arguments: argparse.Namespace) -> int:
    """Run it with the words that follow."""
    return subprocess.run([sys.executable, "-m", f"bench.{arguments.name}", *arguments.rest], cwd=lint.ROOT).returncode

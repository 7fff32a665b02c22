"""`tashika bench NAME`: a benchmark of `bench/`, a module or a package."""

import argparse
import subprocess
import sys

from tashika.cli.commands import lint

HELP = "run a benchmark of bench/"
NEEDS_DJANGO = False
PASSES_ON = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the name."""
    folder = lint.ROOT / "bench"
    modules, packages = folder.glob("*.py"), folder.glob("*/__main__.py")
    names = {path.stem for path in modules if path.stem != "__init__"} | {path.parent.name for path in packages}
    parser.add_argument("name", choices=sorted(names))


def run(arguments: argparse.Namespace) -> int:
    """Run it with the words that follow."""
    return subprocess.run([sys.executable, "-m", f"bench.{arguments.name}", *arguments.rest], cwd=lint.ROOT).returncode

"""`tashika lint`: the checks that run no test."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HELP = "run ruff, import-linter, mypy and the check for missing migrations"
NEEDS_DJANGO = False
ROOT = Path(__file__).resolve().parents[4]


def configure(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:
    """Run the checks; 1 if one fails."""
    return 1 if failures() else 0


def failures() -> list[str]:
    """The names of the checks that fail."""
    scripts = Path(sys.executable).parent
    checks = {
        "ruff": [str(scripts / "ruff"), "check", "."],
        "import-linter": [str(scripts / "lint-imports")],
        "mypy": [sys.executable, "-m", "mypy"],
        "migrations": [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"],
    }
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    return [name for name, command in checks.items() if subprocess.run(command, cwd=ROOT, env=environment).returncode]

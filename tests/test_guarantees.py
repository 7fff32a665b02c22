"""The table of guarantees in docs/developing names a test file for each, and the files say which guarantee they hold."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "developing" / "guarantees.md"
HELD = {"G1", "G2", "G3", "G4", "G5", "G6", "G8", "G10", "G11", "G12", "G13"}  # the others come with incidents


def _table() -> dict[str, list[str]]:
    rows = re.findall(r"^\| \*\*(G\d+)\*\* .*\|(.*)\|$", TABLE.read_text(encoding="utf-8"), re.M)
    return {number: re.findall(r"`([^`]+)`", files) for number, files in rows}


def _by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_g*_*.py")):
        if match := re.match(r"test_(g\d+)_", path.name):
            found.setdefault(match[1].upper(), []).append(path.relative_to(ROOT).as_posix())
    return found


def test_every_guarantee_that_holds_has_a_test_file_with_its_number() -> None:
    assert set(_by_name()) >= HELD


def test_the_table_names_all_files_and_no_others() -> None:
    assert _table() == _by_name()


def test_each_file_opens_with_its_guarantee_and_tests_something() -> None:
    for number, files in _by_name().items():
        for name in files:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert re.match(rf'"""{number}\b', text), name
            assert re.search(r"^def test_", text, re.M), name

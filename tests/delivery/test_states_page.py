"""The manual's page of states is as the code says."""

from pathlib import Path

import pytest

from tashika.cli.commands import states

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize(("language", "name"), [("en", "states.md"), ("ja", "states.ja.md")])
def test_the_page_is_made_from_the_code(language: str, name: str) -> None:
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == states.page(language), f"run: tashika states --language {language} > docs/reference/{name}"

"""Search finds contacts by any two characters in a row, however they are written."""

from datetime import datetime

import pytest

from tashika.core.actors import SYSTEM
from tashika.people import contacts, searching


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("佐藤", True),
        ("さとう", True),
        ("ｻﾄｳ", True),
        ("サトウケ", True),
        ("みらい", True),
        ("ミライ", True),
        ("SATO@", True),
        ("example", True),
        ("佐藤 計測", True),
        ("鈴木", False),
        ("佐藤 鈴木", False),
        ("%", False),
        ("佐", True),
        ("_a", False),
    ],
)
@pytest.mark.django_db
def test_search(words: str, found: bool, now: datetime) -> None:
    contacts.add(
        values={
            "email": "Sato@example.jp",
            "family_name": "佐藤",
            "given_name": "健太",
            "family_kana": "サトウ",
            "given_kana": "ケンタ",
            "company_name": "みらい計測システム㈱",
        },
        by=SYSTEM,
        now=now,
    )
    assert searching.search(words).exists() is found

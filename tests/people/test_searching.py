"""Search finds contacts by any two characters in a row, however they are written."""

from datetime import datetime

import pytest

from tashika.core.actors import SYSTEM
from tashika.people import contacts, searching
from tashika.people.models import Contact
from tashika.people.searching import Narrowing


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
        ("サ", True),
        ("み", True),
        ("藤", False),
        ("s", True),
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
    assert bool(searching.first(Narrowing(words=words), limit=5)) is found


@pytest.mark.parametrize(("near", "some"), [(1, 1), (2, 3), (5, 1), (100, 100)])
@pytest.mark.django_db
def test_pages_of_what_was_found_are_whole_however_they_were_found(
    near: int, some: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_NEAR", near)
    monkeypatch.setattr(searching, "_SOME", some)
    for number in range(20):
        name = "佐藤" if number % 3 else "鈴木"
        contacts.add(values={"email": f"p{number}@example.jp", "family_name": name}, by=SYSTEM, now=now)
    Contact.objects.filter(email__lt="p15").update(note="moves to another place of the table")
    wanted = list(Contact.objects.filter(family_name="佐藤").order_by("pk").values_list("pk", flat=True))
    seen: list[int] = []
    while page := searching.first(Narrowing(words="佐藤"), after=seen[-1] if seen else 0, limit=4):
        seen += [contact.pk for contact in page]
    assert seen == wanted

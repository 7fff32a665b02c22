"""Rows that were kept back are settled once, whoever settles them and when."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connections

from tashika.accounts.models import User
from tashika.people import importing, quarantine, undoing
from tashika.people.models import Contact, Import, QuarantinedRow
from tests.people.test_importing import GOOD, HEADER, imported

BAD = "こわれた,鈴木,誠,,,,,"
RIGHT = ["b@example.jp", "鈴木", "誠", "", "", "", "", ""]
OTHER = ["c@example.jp", *RIGHT[1:]]


def _row() -> QuarantinedRow:
    return QuarantinedRow.objects.select_related("contact_import").get()


@pytest.fixture
def made(transactional_db: None, editor: User, now: datetime) -> Import:
    """An import with one row kept back."""
    return imported(f"{HEADER}\n{GOOD}\n{BAD}\n", editor, now)


def _at_once(acts: list[Callable[[], None]]) -> list[str]:
    """Does all of it at the same instant; what each came to: '' or the error's words."""
    start, results = threading.Barrier(len(acts)), []

    def work(act: Callable[[], None]) -> None:
        start.wait(10)
        try:
            act()
            results.append("")
        except quarantine.UnableToCorrect as error:
            results.append(str(error.what))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(results)


@pytest.mark.parametrize("second", ["correct", "discard"])
def test_of_two_people_who_settle_a_row_at_once_one_is_told(
    second: str, made: Import, editor: User, publisher: User, now: datetime
) -> None:
    mine, yours = _row(), _row()  # both have the page open
    settle = quarantine.discard if second == "discard" else _correct_to_other
    results = _at_once(
        [
            lambda: quarantine.correct(row=mine, cells=RIGHT, by=editor, now=now),
            lambda: settle(row=yours, by=publisher, now=now),
        ]
    )
    assert results == ["", "この行はもう処理されています。"]
    made.refresh_from_db()
    taken = Contact.objects.filter(email__in=["b@example.jp", "c@example.jp"]).count()
    assert (made.created, made.quarantined) == (1 + taken, 1 - taken)
    assert _row().settled == ("imported" if taken else "discarded")
    assert made.rows == made.created + made.updated + made.skipped + made.quarantined


def _correct_to_other(*, row: QuarantinedRow, by: User, now: datetime) -> None:
    quarantine.correct(row=row, cells=OTHER, by=by, now=now)


def test_what_was_decided_meanwhile_counts(made: Import, editor: User, now: datetime) -> None:
    """The judge reads the import behind the lock, not the page's copy of it."""
    stale = _row()
    Import.objects.filter(pk=made.pk).update(findings=[{"code": "swapped", "decision": "accept"}])
    quarantine.correct(row=stale, cells=["b@example.jp", "健太", "佐藤", *RIGHT[3:]], by=editor, now=now)
    assert Contact.objects.get(email="b@example.jp").family_name == "健太"


def test_an_address_that_the_file_already_has_is_refused_by_name(made: Import, editor: User, now: datetime) -> None:
    with pytest.raises(quarantine.UnableToCorrect) as refused:
        quarantine.correct(row=_row(), cells=["a@example.jp", *RIGHT[1:]], by=editor, now=now)
    assert (str(refused.value.what), refused.value.where) == ("ファイルの中で重複", "email")
    assert _row().settled == "" and _row().reasons[0]["code"] == "address_syntax"


def test_a_row_of_an_import_that_was_taken_back_is_not_taken(made: Import, editor: User, now: datetime) -> None:
    stale = _row()
    undoing.undo(contact_import=made, by=editor, now=now)
    with pytest.raises(quarantine.UnableToCorrect, match="元に戻され"):
        quarantine.correct(row=stale, cells=RIGHT, by=editor, now=now)
    assert not Contact.objects.exists()


def test_a_row_is_corrected_while_the_import_still_runs(
    transactional_db: None, editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    usual, seen = importing._write, iter(range(10))

    def write(*values: object) -> Import:
        if next(seen) == 2:  # the row with the error is in the quarantine, one more is to come
            quarantine.correct(row=_row(), cells=RIGHT, by=editor, now=now)
        return usual(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_write", write)
    made = imported(f"{HEADER}\n{GOOD}\n{BAD}\n{GOOD.replace('a@', 'd@')}\n", editor, now)
    assert (made.created, made.quarantined) == (3, 0)

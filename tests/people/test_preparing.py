"""Prepared rows reach the database exactly as they were judged, whatever characters they are made of."""

from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tashika.accounts.models import User
from tashika.people import importing, preparing, quarantine, rows, search_index
from tashika.people.models import Contact, Import, QuarantinedRow
from tests.people.test_importing import GOOD, HEADER, imported, take

MAPPING = ["email", "company_name", "note", "custom.any"]


class PreparedRows(TestCase):
    @given(
        cells=st.lists(
            st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\\t\n\r\0\x1e\x1f＼﹨'\".")),
            min_size=3,
            max_size=3,
        )
    )
    def test_every_character_arrives_as_it_is(self, cells: list[str]) -> None:
        judge = rows.Judge(MAPPING, 4, lambda _key, value: value, frozenset({"mojibake", "control_character"}))
        judged = judge.judge([(2, ["a@example.jp", *cells])])
        chunk = preparing.prepared(judged, import_id=1, mapping=MAPPING)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE stage (number bigint, email text, email_key text, address_hash bytea,"
                " company_key text, custom jsonb, tags text, owner text, company_name text, note text)"
                " ON COMMIT DROP"
            )
            with cursor.copy("COPY stage FROM STDIN") as copy:
                copy.write(chunk.good)
            cursor.execute("SELECT company_name, note, custom->>'any' FROM stage")
            [(company, note, custom)] = cursor.fetchall()
            cursor.execute("DROP TABLE stage")
        wanted = [cell.strip().replace("\0", "\ufffd") for cell in cells]
        assert [company, note, custom or ""] == wanted
        ends = str.maketrans("\0\x1e\x1f", "\ufffd" * 3)
        assert chunk.cells_of({2}) == {2: ["a@example.jp", *[cell.translate(ends) for cell in cells]]}


@pytest.mark.django_db
def test_a_double_in_another_chunk_is_quarantined_with_its_cells(
    editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    doubled = 'a@example.jp,佐藤,健太,サトウ,ケンタ,"C:\\株\tみらい",営業部,1'
    imported(f"{HEADER}\n{GOOD}\n{doubled}\n", editor, now)
    assert QuarantinedRow.objects.get().cells[5:] == ["C:\\株\tみらい", "営業部", "1"]


@pytest.mark.django_db
def test_a_prepared_file_that_is_lost_is_made_again(editor: User, now: datetime) -> None:
    made = take(f"{HEADER}\n{GOOD}\n", editor, now)
    importing.set_up(contact_import=made, mapping=made.mapping, options={}, by=editor, now=now)
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    importing.begin(contact_import=made, by=editor, now=now)
    importing._prepared_path(made).unlink()
    importing.run(import_id=made.pk)
    assert Contact.objects.get().family_name == "佐藤"
    assert not importing._prepared_path(made).exists()


@pytest.mark.django_db
def test_what_a_person_accepts_is_judged_anew(editor: User, now: datetime) -> None:
    lines = "".join(f"p{i}@example.jp,健太,佐藤,,,,,\n" for i in range(30))
    made = take(f"{HEADER}\n{lines}", editor, now)
    importing.set_up(contact_import=made, mapping=made.mapping, options={}, by=editor, now=now)
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    importing.decide(contact_import=made, decisions={"swapped": "accept"}, by=editor, now=now)
    importing.begin(contact_import=made, by=editor, now=now)
    importing.run(import_id=made.pk)
    made.refresh_from_db()
    assert (made.created, made.quarantined) == (30, 0)


@pytest.mark.django_db
def test_a_row_is_settled_once(editor: User, now: datetime) -> None:
    imported(f"{HEADER}\n{GOOD}\nbad,佐藤,健太,,,,,\n", editor, now)
    row = QuarantinedRow.objects.get()
    cells = ["b@example.jp", *row.cells[1:]]
    quarantine.correct(row=row, cells=cells, by=editor, now=now)
    with pytest.raises(quarantine.UnableToCorrect):
        quarantine.correct(row=row, cells=["c@example.jp", *cells[1:]], by=editor, now=now)
    assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_first_fill_builds_the_search_index_afterwards_even_if_it_was_cut_off(
    editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "LEAST_ROWS", 2)
    seen: list[bool] = []
    usual = importing._write

    def watching(*args: object) -> Import:
        seen.append(search_index.is_whole())
        return usual(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_write", watching)
    imported(f"{HEADER}\n{GOOD}\n{GOOD.replace('a@', 'b@')}\n", editor, now)
    assert seen == [False] and search_index.is_whole()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX people_contact_search")  # what a killed import leaves
    search_index.mend()
    assert search_index.is_whole()


def test_a_file_of_chunks_is_read_from_any_chunk_on(tmp_path: Path) -> None:
    chunks = [preparing.Chunk(2, 1, "あ\n".encode(), b"bad\n", b"2\x1fa"), preparing.Chunk(1, 0, b"x\n", b"")]
    preparing.save(tmp_path / "rows", iter(chunks))
    read = list(preparing.saved(tmp_path / "rows", offset=0))
    assert [chunk for chunk, _ in read] == chunks
    assert [chunk for chunk, _ in preparing.saved(tmp_path / "rows", offset=read[0][1])] == chunks[1:]

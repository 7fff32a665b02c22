"""Import: every row ends in exactly one of created, updated, skipped, quarantined; nothing is lost, nothing guessed."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tashika.accounts.models import User
from tashika.people import consent, importing, reading, undoing, uploading
from tashika.people.models import Contact, ContactHistory, Import, QuarantinedRow, Tagging

HEADER = "メールアドレス,姓,名,セイ,メイ,会社名,部署,電話番号"
GOOD = "a@example.jp,佐藤,健太,サトウ,ケンタ,株式会社みらい,営業部,03-0000-0000"


def take(text: str | bytes, by: User, now: datetime, *, encoding: str = "utf-8", name: str = "顧客.csv") -> Import:
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return uploading.take(file_name=name, blocks=[content], by=by, now=now)


def imported(text: str | bytes, by: User, now: datetime, *, encoding: str = "utf-8", **options: Any) -> Import:
    """The whole way: taken, set up, checked, run."""
    made = take(text, by, now, encoding=encoding)
    importing.set_up(contact_import=made, mapping=made.mapping, options=options, by=by, now=now)
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    if made.state == Import.State.UNDECIDED:
        decisions = {one["code"]: "quarantine" for one in made.findings}
        importing.decide(contact_import=made, decisions=decisions, by=by, now=now)
    importing.begin(contact_import=made, by=by, now=now)
    importing.run(import_id=made.pk)
    made.refresh_from_db()
    assert made.state == Import.State.FINISHED, made.error
    assert made.rows == made.created + made.updated + made.skipped + made.quarantined
    assert QuarantinedRow.objects.filter(contact_import=made).exclude(settled="imported").count() == made.quarantined
    return made


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp"])
@pytest.mark.django_db
def test_the_encoding_is_found_by_trial_and_shown(encoding: str, editor: User, now: datetime) -> None:
    made = take(f"{HEADER}\r\n{GOOD}\r\n" * 3, editor, now, encoding=encoding)
    assert made.layout["encoding"] == encoding
    assert made.layout["header"][1] == "姓"
    assert made.mapping == [
        "email",
        "family_name",
        "given_name",
        "family_kana",
        "given_kana",
        "company_name",
        "department",
        "phone",
    ]


@pytest.mark.django_db
def test_a_good_row_becomes_a_contact_that_knows_its_import(editor: User, now: datetime) -> None:
    made = imported(f"{HEADER}\n{GOOD}\n", editor, now, tags=["展示会"], consent_ground="business_card")
    contact = Contact.objects.get()
    assert (contact.family_name, contact.given_name, contact.company_name) == ("佐藤", "健太", "株式会社みらい")
    assert contact.company is not None and contact.company.key == "みらい"
    assert (contact.consent, contact.source_id) == ("given", made.source_id)
    assert Tagging.objects.get().tag.name == "展示会"
    assert made.created == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("bad address,佐藤,健太,,,,,", "address_spaces"),
        ("ａ@example.jp,佐藤,健太,,,,,", "address_full_width"),
        ("a@@example.jp,佐藤,健太,,,,,", "address_syntax"),
        (",佐藤,健太,,,,,", "address_empty"),
        ("b@example.jp,03-1234-5678,健太,,,,,", "phone_in_name"),
        ("b@example.jp,佐藤様,健太,,,,,", "honorific_in_name"),
        ("b@example.jp,■藤,健太,,,,,", "placeholder"),
        ('b@example.jp,"佐\r\nBcc: x@example.jp",健太,,,,,', "control_character"),
        ("b@example.jp,健太,佐藤,,,,,", "swapped"),
        ("b@example.jp,佐藤", "wrong_number_of_cells"),
        ("b@example.jp,譁・ｭ怜喧縺,健太,,,,,", "mojibake"),
        (f"b@example.jp,{'長' * 101},健太,,,,,", "too_long"),
    ],
)
@pytest.mark.django_db
def test_a_row_with_an_error_is_kept_back_with_its_reason(row: str, code: str, editor: User, now: datetime) -> None:
    made = imported(f"{HEADER}\n{GOOD}\n{row}\n", editor, now)
    assert (made.created, made.quarantined) == (1, 1)
    kept = QuarantinedRow.objects.get()
    assert kept.number == 3 and kept.reasons[0]["code"] == code


@pytest.mark.django_db
def test_carrier_addresses_that_break_the_rules_are_real(editor: User, now: datetime) -> None:
    made = imported(f"{HEADER}\nabc..def@docomo.ne.jp,佐藤,健太,,,,,\n", editor, now)
    assert made.created == 1


@pytest.mark.django_db
def test_of_doubles_in_the_file_the_first_wins(editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)  # the third row comes in another chunk than the first
    made = imported(f"{HEADER}\n{GOOD}\n{GOOD.replace('佐藤', '鈴木')}\n{GOOD.upper()}\n", editor, now)
    assert (made.created, made.quarantined) == (1, 2)
    assert Contact.objects.get().family_name == "佐藤"


@pytest.mark.django_db
def test_blank_cells_overwrite_only_if_chosen(editor: User, now: datetime) -> None:
    imported(f"{HEADER}\n{GOOD}\n", editor, now)
    blank = "a@example.jp,佐藤,健太,,,,,03-9999-9999"
    imported(f"{HEADER}\n{blank}\n", editor, now)
    assert (Contact.objects.get().department, Contact.objects.get().phone) == ("営業部", "03-9999-9999")
    imported(f"{HEADER}\n{blank}\n", editor, now, blanks_overwrite=True)
    assert Contact.objects.get().department == ""


@pytest.mark.parametrize(("mode", "expected"), [("new", (1, 0, 1)), ("update", (0, 1, 1)), ("both", (1, 1, 0))])
@pytest.mark.django_db
def test_update_modes(mode: str, expected: tuple[int, int, int], editor: User, now: datetime) -> None:
    imported(f"{HEADER}\n{GOOD}\n", editor, now)
    changed = GOOD.replace("営業部", "総務部")
    made = imported(f"{HEADER}\n{changed}\n{GOOD.replace('a@', 'b@')}\n", editor, now, mode=mode)
    assert (made.created, made.updated, made.skipped) == expected


@pytest.mark.django_db
def test_an_opt_out_is_not_revived_by_an_import(editor: User, now: datetime) -> None:
    imported(f"{HEADER}\n{GOOD}\n", editor, now, consent_ground="form")
    contact = Contact.objects.get()
    consent.opt_out(contact_id=contact.pk, address=contact.email, now=now)
    contact.delete()
    imported(f"{HEADER}\n{GOOD}\n", editor, now, consent_ground="form")
    assert Contact.objects.get().consent == "withdrawn"


@pytest.mark.django_db
def test_many_swapped_names_stop_the_import_until_a_person_decides(editor: User, now: datetime) -> None:
    rows = "\n".join(f"p{i}@example.jp,健太,佐藤,,,,," for i in range(60))
    made = take(f"{HEADER}\n{rows}\n", editor, now)
    importing.set_up(contact_import=made, mapping=made.mapping, options={}, by=editor, now=now)
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    assert made.state == Import.State.UNDECIDED
    assert made.findings[0]["code"] == "swapped" and made.findings[0]["count"] == 60
    with pytest.raises(importing.UnableToImport):
        importing.begin(contact_import=made, by=editor, now=now)
    importing.decide(contact_import=made, decisions={"swapped": "accept"}, by=editor, now=now)
    importing.begin(contact_import=made, by=editor, now=now)
    importing.run(import_id=made.pk)
    assert Contact.objects.count() == 60


@pytest.mark.django_db
def test_shifted_rows_are_seen_by_the_names_that_known_addresses_would_get(editor: User, now: datetime) -> None:
    families = ["佐藤", "鈴木", "高橋", "田中", "伊藤"]
    rows = [(f"p{i}@example.jp", families[i % 5]) for i in range(50)]
    imported(HEADER + "\n" + "".join(f"{a},{f},健太,,,,,\n" for a, f in rows), editor, now)
    shifted = [(rows[i][0], rows[i - 1][1]) for i in range(50)]
    made = take(HEADER + "\n" + "".join(f"{a},{f},健太,,,,,\n" for a, f in shifted), editor, now)
    importing.set_up(contact_import=made, mapping=made.mapping, options={}, by=editor, now=now)
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    assert [one["code"] for one in made.findings] == ["changed_pairs"]


@pytest.mark.django_db
def test_a_whole_import_can_be_undone(editor: User, now: datetime) -> None:
    imported(f"{HEADER}\n{GOOD}\n", editor, now)
    made = imported(
        f"{HEADER}\n{GOOD.replace('営業部', '総務部')}\n{GOOD.replace('a@', 'b@')}\n", editor, now, tags=["x"]
    )
    assert Contact.objects.get(email="a@example.jp").department == "総務部"
    done = undoing.undo(contact_import=made, by=editor, now=now)
    assert (done.removed, done.restored, done.kept) == (1, 1, 0)
    contact = Contact.objects.get()
    assert (contact.email, contact.department, contact.field_sources) == ("a@example.jp", "営業部", {})
    assert ContactHistory.objects.filter(act="restored").count() == 1 and not Tagging.objects.exists()


@pytest.mark.django_db
def test_an_import_that_was_cut_off_goes_on_without_doubling_a_row(
    editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 3)
    lines = "".join(f"p{i}@example.jp,佐藤,健太,,,,,\n" if i % 4 else f"bad{i},佐藤,健太,,,,,\n" for i in range(20))
    made = take(f"{HEADER}\n{lines}", editor, now)
    importing.set_up(contact_import=made, mapping=made.mapping, options={}, by=editor, now=now)
    importing.check(import_id=made.pk)
    importing.begin(contact_import=Import.objects.get(pk=made.pk), by=editor, now=now)
    usual, calls = importing._write, iter(range(100))

    def cut(*args: Any) -> Import:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return usual(*args)

    monkeypatch.setattr(importing, "_write", cut)
    with pytest.raises(KeyboardInterrupt):
        importing.run(import_id=made.pk)
    importing.run(import_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.rows, made.created, made.quarantined) == (Import.State.FINISHED, 20, 15, 5)


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "png"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"", "空"),
        (_bomb(), "大きすぎる"),
        (b"PK\x03\x04 not a workbook", "zip"),
        (b"\x00\x01\x02" * 100, "binary"),
        ("会社名,姓\n譁・ｭ怜喧縺代ユ繧ｹ繝医譁・ｭ怜喧縺代ユ繧ｹ繝\n".encode(), "文字化け"),
    ],
)
@pytest.mark.django_db
def test_what_is_no_table_is_refused_with_a_clear_word(content: bytes, words: str, editor: User, now: datetime) -> None:
    with pytest.raises(uploading.UnableToTakeFile) as refused:
        take(content, editor, now)
    assert words in str(refused.value.what)
    assert Import.objects.count() == 0


@pytest.mark.django_db
def test_a_formula_is_kept_as_text_and_a_huge_cell_is_kept_back(editor: User, now: datetime) -> None:
    formula = "b@example.jp,佐藤,健太,,,=cmd|' /C calc'!A0,,"
    huge = f"c@example.jp,佐藤,健太,,,{'あ' * 1_700_000},,"
    made = imported(f"{HEADER}\n{formula}\n{huge}\n", editor, now)
    assert (made.created, made.quarantined) == (1, 1)
    assert Contact.objects.get().company_name == "=cmd|' /C calc'!A0"
    assert QuarantinedRow.objects.get().reasons[0]["code"] == "too_long"


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    try:
        layout = reading.layout_of(path)
        assert all(isinstance(cell, str) for row in reading.rows(path, layout) for cell in row)
    except reading.UnableToRead as refused:
        assert refused.code

"""Rows that were kept back: correct them and import them again, or let them go."""

from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.core import audit, clock
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.people import importing, preparing, staging
from tashika.people.models import Import, QuarantinedRow

REASONS: dict[str, Text] = {
    "address_empty": t("メールアドレスが空", "No address"),
    "address_full_width": t("アドレスに全角文字", "Full-width characters in the address"),
    "address_spaces": t("アドレスに空白", "Spaces in the address"),
    "address_syntax": t("アドレスの形式が違う", "Not an address"),
    "address_too_long": t("アドレスが長すぎる", "The address is too long"),
    "mojibake": t("文字化け", "Garbled text"),
    "control_character": t("改行や制御文字", "Line breaks or control characters"),
    "address_in_name": t("名前にメールアドレスやURL", "An address or URL in a name"),
    "phone_in_name": t("名前に電話番号", "A phone number in a name"),
    "digits_in_name": t("名前に数字", "Digits in a name"),
    "placeholder": t("名前に■●〓", "■●〓 in a name"),
    "no_name": t("名前ではない語", "A word that is no name"),
    "honorific_in_name": t("名前に敬称", "An honorific in a name"),
    "too_long": t("長すぎる", "Too long"),
    "wrong_type": t("型に合わない値", "The value does not fit its type"),
    "name_in_one": t("氏名を姓と名に分けられない", "The name can't be split"),
    "wrong_number_of_cells": t("列の数が違う", "The wrong number of cells"),
    "swapped": t("姓と名が逆", "Family and given name swapped"),
    "duplicate_in_file": t("ファイルの中で重複", "Twice in the file"),
    "changed_pairs": t("登録済みのアドレスに別の名前", "Known addresses with other names"),
}


class UnableToCorrect(TashikaError):
    """The row still has an error."""

    code = "unable_to_correct"
    status = 422


def correct(*, row: QuarantinedRow, cells: list[str], by: User, now: datetime) -> None:
    """Import a row with corrected cells. Raises UnableToCorrect naming what is still wrong; then nothing changes.

    Everything is judged behind the import's lock: of two people who settle one row at once, the second is told so.
    """
    with transaction.atomic():
        current, kept = _locked(row)
        if current.state in (Import.State.UNDOING, Import.State.UNDONE):
            raise UnableToCorrect(t("この取り込みはもう元に戻されています。", "This import has been taken back."))
        judged = importing.judge_of(current).judge([(kept.number, cells)])
        if judged.bad:
            reason = judged.bad[0].reasons[0]
            raise UnableToCorrect(in_words(reason), where=reason["field"])
        chunk = preparing.prepared(judged, import_id=current.pk, mapping=current.mapping)
        counts = staging.write(contact_import=current, chunk=chunk, now=clock.now())
        if counts.quarantined:
            raise UnableToCorrect(REASONS["duplicate_in_file"], where="email")
        current.quarantined -= 1
        current.created += counts.created
        current.updated += counts.updated
        current.skipped += counts.skipped
        current.save(update_fields=["quarantined", "created", "updated", "skipped"])
        kept.settled, kept.cells = "imported", cells
        kept.save(update_fields=["settled", "cells"])
        _record(kept, "correct_row", by, now, {})


def discard(*, row: QuarantinedRow, by: User, now: datetime) -> None:
    """Let a row go; it stays counted as quarantined. Raises UnableToCorrect if it has been settled already."""
    with transaction.atomic():
        _, kept = _locked(row)
        kept.settled = "discarded"
        kept.save(update_fields=["settled"])
        _record(kept, "discard_row", by, now, {})


def _locked(row: QuarantinedRow) -> tuple[Import, QuarantinedRow]:
    """The import and the row as they are now; nobody else settles, runs or undoes until the transaction ends."""
    current = Import.objects.select_for_update().get(pk=row.contact_import_id)
    kept = QuarantinedRow.objects.select_for_update().get(pk=row.pk)
    if kept.settled:
        raise UnableToCorrect(t("この行はもう処理されています。", "This row has been settled already."))
    return current, kept


def in_words(reason: dict[str, Any]) -> Text:
    """A reason for people."""
    code = str(reason.get("code", ""))
    return REASONS.get(code, t(code, code))


def _record(row: QuarantinedRow, verb: str, by: User, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(
        actor=Actor("user", by.pk, str(by)),
        verb=verb,
        subject=f"import:{row.contact_import_id}",
        now=now,
        detail={"row": row.number, **detail},
    )

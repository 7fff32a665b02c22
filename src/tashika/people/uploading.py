"""Take a file in: keep it, say what it is, suggest what its columns mean."""

import hashlib
import itertools
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.core import audit, config, ids
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.people import fields, headers, reading
from tashika.people.models import Import

_WORDS: dict[str, Text] = {
    "empty": t("ファイルが空です。", "The file is empty."),
    "not_a_table": t("CSVでもExcelでもないファイルです（{detail}）。", "This is neither CSV nor XLSX ({detail})."),
    "mojibake": t("文字化けしています（{detail}）。", "The text is garbled ({detail})."),
    "unknown_encoding": t("文字コード {detail} には対応していません。", "The encoding {detail} is not supported."),
    "line_too_long": t("{detail}行目が長すぎます。", "Line {detail} is too long."),
    "broken_csv": t("CSVとして読めません（{detail}）。", "Not readable as CSV ({detail})."),
    "broken_xlsx": t("Excelファイルが壊れています（{detail}）。", "The XLSX file is broken ({detail})."),
    "zip_bomb": t(
        "展開すると大きすぎるExcelファイルです（{detail}）。", "This XLSX unpacks to far too much ({detail})."
    ),
    "too_large": t(
        "ファイルが大きすぎます（上限 {detail} バイト）。", "The file is too large (at most {detail} bytes)."
    ),
    "no_address": t("メールアドレスの列がありません。", "There is no column of addresses."),
}
_FIX = t(
    "元のソフトで「CSV UTF-8」または Excel ブックとして保存し直してください。",
    "Save it again as “CSV UTF-8” or as a workbook.",
)


class UnableToTakeFile(TashikaError):
    """The file can't be imported; nothing was changed."""

    code = "unable_to_take_file"
    status = 422

    @classmethod
    def because(cls, code: str, detail: str = "") -> "UnableToTakeFile":
        """With the words of a reading fault."""
        words = _WORDS[code]
        return cls(t(words.ja, words.en, detail=detail), fix=_FIX)


def take(*, file_name: str, blocks: Iterable[bytes], by: User, now: datetime) -> Import:
    """Keep an uploaded file below the data folder and look at it. Raises UnableToTakeFile, NotAllowed."""
    require(by.role, "import")
    folder = config.data_folder() / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ids.ulid()}.upload"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("wb") as stream:
            for block in blocks:
                size += len(block)
                if size > config.get_int("import_max_bytes"):
                    raise UnableToTakeFile.because("too_large", f"{config.get_int('import_max_bytes'):,}")
                digest.update(block)
                stream.write(block)
        layout, header = _look(path, "")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    with transaction.atomic():
        made = Import.objects.create(
            file_name=Path(file_name).name[:300] or "upload",
            path=path.name,
            size=size,
            sha256=digest.hexdigest(),
            state=Import.State.UPLOADED,
            layout=layout | {"header": header},
            mapping=_suggested(header),
            options={"mode": "both", "blanks_overwrite": False, "tags": [], "consent_ground": "", "consent_detail": ""},
            created_by=by,
            created_at=now,
        )
        audit.record(
            actor=Actor("user", by.pk, str(by)),
            verb="upload_import",
            subject=str(made),
            now=now,
            detail={"sha256": made.sha256, "size": size},
        )
    return made


def choose_encoding(*, contact_import: Import, encoding: str) -> Import:
    """Read the file in another encoding, by a person's choice."""
    layout, header = _look(path_of(contact_import), encoding)
    contact_import.layout = layout | {"header": header}
    contact_import.mapping = _suggested(header)
    contact_import.save(update_fields=["layout", "mapping"])
    return contact_import


def path_of(contact_import: Import) -> Path:
    """Where the file is kept."""
    return config.data_folder() / "imports" / contact_import.path


def layout_of(contact_import: Import) -> reading.Layout:
    """How the file is read."""
    kept = contact_import.layout
    return reading.Layout(kept["format"], kept["encoding"], kept["delimiter"], kept["why"])


def first_rows(contact_import: Import, number: int = 20) -> list[list[str]]:
    """The first rows below the header, for the preview."""
    found = reading.rows(path_of(contact_import), layout_of(contact_import))
    return [[cell[:200] for cell in row] for row in itertools.islice(found, 1, number + 1)]


def _look(path: Path, encoding: str) -> tuple[dict[str, Any], list[str]]:
    try:
        layout = reading.layout_of(path, encoding)
        header = next(iter(reading.rows(path, layout)), [])
    except reading.UnableToRead as error:
        raise UnableToTakeFile.because(error.code, error.detail) from error
    kept = {"format": layout.format, "encoding": layout.encoding, "delimiter": layout.delimiter, "why": layout.why}
    return kept, [cell.strip().lstrip("\ufeff")[:200] for cell in header]


def _suggested(header: list[str]) -> list[str]:
    return headers.suggested(header, {field.label: field.key for field in fields.active()})

"""Imports: upload, set up, decide, run, undo; the quarantine."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from tashika.api.app import person_of, require
from tashika.api.paging import After, Limit, page
from tashika.core import clock
from tashika.core.text import t
from tashika.people import fields, headers, importing, quarantine, tasks, undoing, uploading
from tashika.people.models import Import, QuarantinedRow

router = Router(tags=["imports"])
TagName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class ImportOut(Schema):
    """An import as far as it has come; when it is finished, rows = created + updated + skipped + quarantined."""

    id: int
    file_name: str
    state: str
    layout: dict[str, Any]
    mapping: list[str]
    options: dict[str, Any]
    findings: list[dict[str, Any]]
    total_rows: int | None
    rows: int
    created: int
    updated: int
    skipped: int
    quarantined: int
    error: str
    created_at: datetime


class ImportPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[ImportOut]
    next: int | None


class SetUpIn(Schema):
    """What the columns mean, field by column, "" to leave one out (null: as suggested), and how to import."""

    mapping: list[str] | None = None
    mode: Literal["new", "update", "both"] = "both"
    blanks_overwrite: bool = False
    tags: list[TagName] = []
    consent_ground: Literal["", "form", "business_card", "business_relation", "published_address", "other"] = ""
    consent_detail: str = Field("", max_length=500)


class DecisionsIn(Schema):
    """What to do about each finding, by its code: quarantine keeps such rows back, accept takes them as they are."""

    decisions: dict[str, Literal["quarantine", "accept"]]


class RowOut(Schema):
    """A quarantined row: its number in the file (the header is row 1), its cells and the reasons."""

    number: int
    cells: list[str]
    reasons: list[dict[str, str]]


class RowPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[RowOut]
    next: int | None


class CellsIn(Schema):
    """The corrected cells, as many as the header has."""

    cells: list[str]


class UndoneOut(Schema):
    """What an undo did; `kept` were changed since and stay as they are."""

    removed: int
    restored: int
    kept: int


@router.get("/imports", response=ImportPage)
def list_imports(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The imports, the newest first."""
    require(request, "see")
    return page(Import.objects.all(), key="pk", after=after, limit=limit, newest_first=True)


@router.post("/imports", response={201: ImportOut})
def upload(request: HttpRequest, file: File[UploadedFile]) -> Status[Import]:
    """Take a file in (multipart, field `file`): CSV or XLSX. Nothing is written to contacts yet."""
    require(request, "import")
    made = uploading.take(
        file_name=file.name or "upload", blocks=file.chunks(1_048_576), by=person_of(request), now=clock.now()
    )
    return Status(201, made)


@router.get("/imports/{import_id}", response=ImportOut)
def get_import(request: HttpRequest, import_id: int) -> Import:
    """One import; ask again while its state is checking or running."""
    require(request, "see")
    return get_object_or_404(Import, pk=import_id)


@router.post("/imports/{import_id}/set-up", response=ImportOut)
def set_up(request: HttpRequest, import_id: int, values: SetUpIn) -> Import:
    """Say what the columns mean; the whole file is checked in the background, and nothing is written."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    mapping = values.mapping if values.mapping is not None else found.mapping
    known = {*headers.LABELS, *(f"custom.{field.key}" for field in fields.active()), ""}
    unknown = [name for name in mapping if name not in known]
    if unknown or len(mapping) != len(found.layout["header"]):
        raise importing.UnableToImport(
            t("列の割り当てがファイルに合いません。", "The mapping does not fit the file."),
            where=", ".join(unknown)[:200] or "mapping",
        )
    options = values.dict(exclude={"mapping"})
    importing.set_up(contact_import=found, mapping=mapping, options=options, by=person_of(request), now=clock.now())
    tasks.check_import.defer(import_id=import_id)
    return found


@router.post("/imports/{import_id}/decide", response=ImportOut)
def decide(request: HttpRequest, import_id: int, values: DecisionsIn) -> Import:
    """Decide every finding; the import is then ready to run."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    decisions: dict[str, str] = dict(values.decisions)
    importing.decide(contact_import=found, decisions=decisions, by=person_of(request), now=clock.now())
    return found


@router.post("/imports/{import_id}/run", response=ImportOut)
def run(request: HttpRequest, import_id: int) -> Import:
    """Import what was checked, in the background."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    importing.begin(contact_import=found, by=person_of(request), now=clock.now())
    tasks.run_import.defer(import_id=import_id)
    found.refresh_from_db()
    return found


@router.post("/imports/{import_id}/undo", response=UndoneOut)
def undo(request: HttpRequest, import_id: int) -> undoing.Undone:
    """Take the whole import back."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    return undoing.undo(contact_import=found, by=person_of(request), now=clock.now())


@router.get("/imports/{import_id}/quarantine", response=RowPage)
def quarantined(request: HttpRequest, import_id: int, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """Rows that were kept back and not settled yet, in the file's order."""
    require(request, "see")
    found = QuarantinedRow.objects.filter(contact_import=get_object_or_404(Import, pk=import_id), settled="")
    return page(found, key="number", after=after, limit=limit)


@router.post("/imports/{import_id}/quarantine/{number}", response=ImportOut)
def correct(request: HttpRequest, import_id: int, number: int, values: CellsIn) -> Import:
    """Import one row with corrected cells; 422 says what is still wrong."""
    require(request, "import")
    row = _row(import_id, number)
    if len(values.cells) != len(row.contact_import.layout["header"]):
        raise quarantine.UnableToCorrect(quarantine.REASONS["wrong_number_of_cells"], where="cells")
    quarantine.correct(row=row, cells=values.cells, by=person_of(request), now=clock.now())
    return get_object_or_404(Import, pk=import_id)


@router.delete("/imports/{import_id}/quarantine/{number}", response={204: None})
def discard(request: HttpRequest, import_id: int, number: int) -> Status[None]:
    """Let a row go."""
    require(request, "import")
    quarantine.discard(row=_row(import_id, number), by=person_of(request), now=clock.now())
    return Status(204, None)


def _row(import_id: int, number: int) -> QuarantinedRow:
    rows = QuarantinedRow.objects.select_related("contact_import")
    return get_object_or_404(rows, contact_import_id=import_id, number=number, settled="")

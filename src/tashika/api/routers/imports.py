"""Imports: upload, set up, decide, run, undo."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile

from tashika.api.app import person_of, require
from tashika.core import clock
from tashika.people import importing, tasks, undoing, uploading
from tashika.people.models import Import, QuarantinedRow

router = Router(tags=["imports"])


class ImportOut(Schema):
    """An import as far as it has come; rows = created + updated + skipped + quarantined."""

    id: int
    file_name: str
    state: str
    layout: dict[str, Any]
    mapping: list[str]
    findings: list[dict[str, Any]]
    total_rows: int | None
    rows: int
    created: int
    updated: int
    skipped: int
    quarantined: int
    error: str


class SetUpIn(Schema):
    """What the columns mean (field by column, "" to leave out) and how to import."""

    mapping: list[str] | None = None
    mode: str = "both"
    blanks_overwrite: bool = False
    tags: list[str] = []
    consent_ground: str = ""
    consent_detail: str = ""


class RowOut(Schema):
    """A quarantined row."""

    number: int
    cells: list[str]
    reasons: list[dict[str, str]]


@router.post("/imports", response={201: ImportOut})
def upload(request: HttpRequest, file: File[UploadedFile]) -> Status[Import]:
    """Take a file in; nothing is written to contacts yet."""
    return Status(
        201,
        uploading.take(
            file_name=file.name or "upload", blocks=file.chunks(1_048_576), by=person_of(request), now=clock.now()
        ),
    )


@router.get("/imports/{import_id}", response=ImportOut)
def get_import(request: HttpRequest, import_id: int) -> Import:
    """One import."""
    require(request, "see")
    return get_object_or_404(Import, pk=import_id)


@router.post("/imports/{import_id}/set-up", response=ImportOut)
def set_up(request: HttpRequest, import_id: int, values: SetUpIn) -> Import:
    """Say what the columns mean; the file is checked in the background."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    options = values.dict(exclude={"mapping"})
    importing.set_up(
        contact_import=found,
        mapping=values.mapping if values.mapping is not None else found.mapping,
        options=options,
        by=person_of(request),
        now=clock.now(),
    )
    tasks.check_import.defer(import_id=import_id)
    return found


@router.post("/imports/{import_id}/decide", response=ImportOut)
def decide(request: HttpRequest, import_id: int, decisions: dict[str, str]) -> Import:
    """Decide each finding: quarantine or accept."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    importing.decide(contact_import=found, decisions=decisions, by=person_of(request), now=clock.now())
    return found


@router.post("/imports/{import_id}/run", response=ImportOut)
def run(request: HttpRequest, import_id: int) -> Import:
    """Begin."""
    require(request, "import")
    found = get_object_or_404(Import, pk=import_id)
    importing.begin(contact_import=found, by=person_of(request), now=clock.now())
    tasks.run_import.defer(import_id=import_id)
    return get_object_or_404(Import, pk=import_id)


@router.post("/imports/{import_id}/undo", response=dict[str, int])
def undo(request: HttpRequest, import_id: int) -> dict[str, int]:
    """Take the whole import back."""
    done = undoing.undo(contact_import=get_object_or_404(Import, pk=import_id), by=person_of(request), now=clock.now())
    return {"removed": done.removed, "restored": done.restored, "kept": done.kept}


@router.get("/imports/{import_id}/quarantine", response=list[RowOut])
def quarantined(request: HttpRequest, import_id: int, after: int = 0, limit: int = 100) -> list[QuarantinedRow]:
    """Rows that were kept back, in the file's order."""
    require(request, "see")
    found = QuarantinedRow.objects.filter(contact_import_id=import_id, number__gt=after, settled="")
    return list(found.order_by("number")[: max(1, min(limit, 1000))])

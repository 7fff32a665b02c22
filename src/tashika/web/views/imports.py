"""Imports: upload, mapping, findings, progress, quarantine, undo."""

import asyncio
import json
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import fields, headers, importing, quarantine, rows, tasks, undoing, uploading
from tashika.people.models import Import, QuarantinedRow
from tashika.people.reading import ENCODINGS
from tashika.web import csv_files
from tashika.web.access import staff, user_of

State = Import.State


@require_GET
@staff("see")
def imports(request: HttpRequest) -> HttpResponse:
    """The list."""
    found = Paginator(Import.objects.select_related("created_by").order_by("-id"), 50).get_page(request.GET.get("page"))
    return render(request, "web/imports/list.html", {"page": found})


@require_http_methods(["GET", "POST"])
@staff("import")
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in."""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            messages.error(request, str(t("ファイルを選んでください。", "Choose a file.")))
            return redirect("new_import")
        try:
            made = uploading.take(
                file_name=file.name or "", blocks=file.chunks(1_048_576), by=user_of(request), now=clock.now()
            )
        except uploading.UnableToTakeFile as error:
            messages.error(request, f"{error.what} {error.fix}")
            return redirect("new_import")
        return redirect("import", made.pk)
    return render(request, "web/imports/upload.html")


@require_GET
@staff("see")
def show(request: HttpRequest, import_id: int) -> HttpResponse:
    """The import as far as it has come."""
    found = get_object_or_404(Import.objects.select_related("created_by"), pk=import_id)
    if found.state == State.UPLOADED:
        return _mapping(request, found)
    waiting = QuarantinedRow.objects.filter(contact_import=found, settled="").order_by("number")
    page = Paginator(waiting, 50).get_page(request.GET.get("page"))
    busy = found.state in (State.CHECKING, State.RUNNING, State.UNDOING)
    return render(
        request,
        "web/imports/import.html",
        {
            "import": found,
            "page": page,
            "busy": busy,
            "header": found.layout["header"],
            "findings": [(one, quarantine.in_words(one)) for one in found.findings],
            "codes": [
                (quarantine.in_words({"code": code}), number) for code, number in found.cursor.get("codes", {}).items()
            ],
            "rows": [(row, [quarantine.in_words(reason) for reason in row.reasons]) for row in page],
        },
    )


def _mapping(request: HttpRequest, found: Import) -> HttpResponse:
    preview = uploading.first_rows(found, 500)
    header = found.layout["header"]
    judged = (
        importing.judge_of(found).judge(list(enumerate(preview, start=2)))
        if "email" in found.mapping
        else rows.Judged()
    )
    worst = [(bad.number, bad.cells, [quarantine.in_words(reason) for reason in bad.reasons]) for bad in judged.bad[:8]]
    shown = worst + [(number, judged.cells[number], []) for number, _ in judged.good[: max(4, 10 - len(worst))]]
    if not shown:
        shown = [(number, cells, []) for number, cells in enumerate(preview[:10], start=2)]
    choices: list[tuple[str, object]] = [(name, words) for name, words in headers.LABELS.items()]
    choices += [(f"custom.{field.key}", field.label) for field in fields.active()]
    return render(
        request,
        "web/imports/mapping.html",
        {
            "import": found,
            "columns": list(zip(range(len(header)), header, found.mapping, strict=False)),
            "choices": choices,
            "shown": shown,
            "encodings": ENCODINGS,
            "header": header,
        },
    )


@require_POST
@staff("import")
def encoding(request: HttpRequest, import_id: int) -> HttpResponse:
    """Read the file in another encoding."""
    found = get_object_or_404(Import, pk=import_id, state=State.UPLOADED)
    uploading.choose_encoding(contact_import=found, encoding=request.POST.get("encoding", ""))
    return redirect("import", import_id)


@require_POST
@staff("import")
def set_up(request: HttpRequest, import_id: int) -> HttpResponse:
    """The mapping is right: check the file."""
    found = get_object_or_404(Import, pk=import_id)
    mapping = [request.POST.get(f"column-{index}", "") for index in range(len(found.layout["header"]))]
    known = {*headers.LABELS, *(f"custom.{field.key}" for field in fields.active()), ""}
    options = {
        "mode": request.POST.get("mode") if request.POST.get("mode") in ("new", "update", "both") else "both",
        "blanks_overwrite": request.POST.get("blanks_overwrite") == "1",
        "tags": [tag.strip() for tag in request.POST.get("tags", "").replace("、", ",").split(",") if tag.strip()],
        "consent_ground": request.POST.get("consent_ground", "")[:40],
        "consent_detail": request.POST.get("consent_detail", "")[:500],
    }
    importing.set_up(
        contact_import=found,
        mapping=[name if name in known else "" for name in mapping],
        options=options,
        by=user_of(request),
        now=clock.now(),
    )
    tasks.check_import.defer(import_id=import_id)
    return redirect("import", import_id)


@require_POST
@staff("import")
def decide(request: HttpRequest, import_id: int) -> HttpResponse:
    """A person decides the findings."""
    found = get_object_or_404(Import, pk=import_id)
    decisions = {one["code"]: request.POST.get(one["code"], "") for one in found.findings}
    importing.decide(contact_import=found, decisions=decisions, by=user_of(request), now=clock.now())
    return redirect("import", import_id)


@require_POST
@staff("import")
def begin(request: HttpRequest, import_id: int) -> HttpResponse:
    """Go."""
    found = get_object_or_404(Import, pk=import_id)
    importing.begin(contact_import=found, by=user_of(request), now=clock.now())
    tasks.run_import.defer(import_id=import_id)
    return redirect("import", import_id)


@require_POST
@staff("import")
def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take a whole import back."""
    done = undoing.undo(contact_import=get_object_or_404(Import, pk=import_id), by=user_of(request), now=clock.now())
    words = t(
        "元に戻しました。削除 {removed}件、復元 {restored}件、そのあと変更されたため残したもの {kept}件。",
        "Undone: {removed} removed, {restored} restored, {kept} kept because they were changed since.",
        removed=done.removed,
        restored=done.restored,
        kept=done.kept,
    )
    messages.success(request, str(words))
    return redirect("import", import_id)


@require_http_methods(["GET", "POST"])
@staff("import")
def row(request: HttpRequest, row_id: int) -> HttpResponse:
    """Correct one quarantined row, or discard it."""
    found = get_object_or_404(QuarantinedRow.objects.select_related("contact_import"), pk=row_id, settled="")
    header = found.contact_import.layout["header"]
    cells = [*found.cells, *[""] * (len(header) - len(found.cells))][: len(header)]
    if request.method == "POST":
        cells = [request.POST.get(f"cell-{index}", cell) for index, cell in enumerate(cells)]
        try:
            if request.POST.get("discard"):
                quarantine.discard(row=found, by=user_of(request), now=clock.now())
            else:
                quarantine.correct(row=found, cells=cells, by=user_of(request), now=clock.now())
                messages.success(request, str(t("取り込みました。", "Imported.")))
            return redirect("import", found.contact_import_id)
        except TashikaError as error:
            messages.error(request, f"{error.what}")
    return render(
        request,
        "web/imports/row.html",
        {
            "row": found,
            "cells": list(zip(range(len(header)), header, cells, strict=True)),
            "reasons": [quarantine.in_words(reason) for reason in found.reasons],
        },
    )


@require_GET
@staff("export")
def download(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """The quarantine as CSV, with the reasons beside the cells: to be corrected and imported again."""
    found = get_object_or_404(Import, pk=import_id)
    return csv_files.answer(_quarantine(found, csv_files.language()), name=f"import-{import_id}-quarantine")


async def _quarantine(found: Import, language: str) -> csv_files.Blocks:
    """A thousand rows at a time."""
    header, after = found.layout["header"], 0
    extra = [t("元の行", "Row in the file"), t("理由", "Reasons")]
    yield [[*header, *(words.in_language(language) for words in extra)]]
    waiting = QuarantinedRow.objects.filter(contact_import=found, settled="").order_by("number")
    while rows := [one async for one in waiting.filter(number__gt=after)[:1000]]:
        after = rows[-1].number
        yield [_quarantined(one, len(header), language) for one in rows]


def _quarantined(row: QuarantinedRow, width: int, language: str) -> list[str]:
    cells = [*row.cells, *[""] * (width - len(row.cells))][:width]
    reasons = [quarantine.in_words(reason).in_language(language) for reason in row.reasons]
    return [*cells, str(row.number), ("・" if language == "ja" else "; ").join(reasons)]


@require_GET
@staff("see")
async def events(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """Live progress."""

    async def progress() -> AsyncIterator[str]:
        shown = request.GET.get("shown", "")  # the state that the page shows: it may be older than this connection
        while True:
            found = await sync_to_async(Import.objects.get)(pk=import_id)
            values = {
                "planned": found.total_rows or 0,
                "rows": found.rows,
                "created": found.created,
                "updated": found.updated,
                "skipped": found.skipped,
                "quarantined": found.quarantined,
                "reload": found.state != shown,
            }
            yield f"data: {json.dumps(values)}\n\n"
            await asyncio.sleep(0.5)

    return StreamingHttpResponse(progress(), content_type="text/event-stream", headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("imports", imports, name="imports"),
    path("imports/new", upload, name="new_import"),
    path("imports/<int:import_id>", show, name="import"),
    path("imports/<int:import_id>/encoding", encoding, name="import_encoding"),
    path("imports/<int:import_id>/set-up", set_up, name="set_up_import"),
    path("imports/<int:import_id>/decide", decide, name="decide_import"),
    path("imports/<int:import_id>/begin", begin, name="begin_import"),
    path("imports/<int:import_id>/undo", undo, name="undo_import"),
    path("imports/<int:import_id>/quarantine.csv", download, name="quarantine_csv"),
    path("imports/<int:import_id>/events", events, name="import_events"),
    path("imports/rows/<int:row_id>", row, name="quarantined_row"),
]

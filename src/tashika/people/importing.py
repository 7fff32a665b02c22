"""Import: look at the whole file, let a person decide, then write it chunk by chunk.

    check     judges every row, leaves the rows prepared in a file beside the upload and writes nothing but findings;
              findings over the batch stop it until decided
    run       a prepared chunk is one transaction: contacts, history, tags, consent, quarantine, counters, cursor. Killed
              at any point it goes on after the last committed chunk and comes to the same end

The staging table is temporary; everything that touches contacts is a statement over the set.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.core import audit, clock
from tashika.core.actors import SYSTEM, Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import fields, preparing, reading, rows, search_index, staging, uploading
from tashika.people.models import Contact, Import, Source

CHUNK = 20_000
State = Import.State

# Findings over the batch: from which share and number of rows on they stop the import until a person decides.
THRESHOLDS: dict[str, tuple[float, int]] = {
    "swapped": (0.02, 20),
    "phone_in_name": (0.02, 20),
    "address_in_name": (0.02, 20),
    "name_in_one": (0.02, 20),
    "mojibake": (0.02, 20),
    "wrong_number_of_cells": (0.02, 20),
    "changed_pairs": (0.02, 20),
}


class UnableToImport(TashikaError):
    """The import can't go on as it stands."""

    code = "unable_to_import"


def set_up(*, contact_import: Import, mapping: list[str], options: dict[str, Any], by: User, now: datetime) -> None:
    """Say what the columns mean and how to import, and have the file checked. Raises UnableToImport."""
    if contact_import.state not in (State.UPLOADED, State.UNDECIDED, State.READY):
        raise UnableToImport(t("この取り込みはもう始まっています。", "This import has begun already."))
    if "email" not in mapping:
        raise uploading.UnableToTakeFile.because("no_address")
    used = [name for name in mapping if name]
    if len(used) != len(set(used)):
        raise UnableToImport(t("同じ項目が2つの列に割り当てられています。", "Two columns have the same field."))
    contact_import.mapping, contact_import.options = mapping, {**contact_import.options, **options}
    contact_import.findings, contact_import.state = [], State.CHECKING
    contact_import.save(update_fields=["mapping", "options", "findings", "state"])
    audit.record(
        actor=_actor(by),
        verb="set_up_import",
        subject=str(contact_import),
        now=now,
        detail={"mapping": mapping, "options": contact_import.options},
    )


def check(*, import_id: int) -> None:
    """Look at every row; the import is then READY, or UNDECIDED where a finding stops it, or FAILED with the reason."""
    with _alone(import_id) as mine:
        contact_import = Import.objects.get(pk=import_id)
        if not mine or contact_import.state != State.CHECKING:
            return
        try:
            total, findings, codes = _look_at_everything(contact_import)
        except reading.UnableToRead as error:
            _fail(contact_import, str(uploading.UnableToTakeFile.because(error.code, error.detail).what))
            return
        contact_import.total_rows = total
        contact_import.findings = findings
        contact_import.cursor = {"codes": codes}
        contact_import.state = State.UNDECIDED if findings else State.READY
        contact_import.save(update_fields=["total_rows", "findings", "cursor", "state"])


def decide(*, contact_import: Import, decisions: dict[str, str], by: User, now: datetime) -> None:
    """A person decides each finding: `quarantine` keeps such rows back, `accept` takes them as they are."""
    missing = [
        one["code"] for one in contact_import.findings if decisions.get(one["code"]) not in ("quarantine", "accept")
    ]
    if contact_import.state != State.UNDECIDED or missing:
        raise UnableToImport(
            t("すべての指摘について、どうするか選んでください。", "Decide every finding."), where=", ".join(missing)
        )
    for finding in contact_import.findings:
        finding["decision"] = decisions[finding["code"]]
    contact_import.state = State.READY
    contact_import.save(update_fields=["findings", "state"])
    audit.record(actor=_actor(by), verb="decide_import", subject=str(contact_import), now=now, detail=decisions)


def begin(*, contact_import: Import, by: User, now: datetime) -> None:
    """Let it run. Raises UnableToImport unless it was checked and everything is decided."""
    with transaction.atomic():
        current = Import.objects.select_for_update().get(pk=contact_import.pk)
        if current.state == State.RUNNING:
            return
        if current.state != State.READY:
            raise UnableToImport(t("先にファイルを確認してください。", "Have the file checked first."))
        current.source = Source.objects.create(
            kind="import", ref=f"import:{current.pk}", label=current.file_name, at=now
        )
        current.state, current.started_at, current.cursor = State.RUNNING, now, {**current.cursor, "offset": 0}
        current.save(update_fields=["source", "state", "started_at", "cursor"])
        audit.record(actor=_actor(by), verb="begin_import", subject=str(current), now=now)


def run(*, import_id: int) -> None:
    """Import what is left of a running import, chunk by chunk. Two workers never run one import at a time."""
    with _alone(import_id) as mine:
        contact_import = Import.objects.get(pk=import_id)
        if not mine or contact_import.state != State.RUNNING:
            return
        path = _prepared_path(contact_import)
        try:
            if not path.exists():
                preparing.save(path, _prepared(contact_import))
        except reading.UnableToRead as error:
            _fail(contact_import, str(uploading.UnableToTakeFile.because(error.code, error.detail).what))
            return
        with search_index.built_afterwards(rows=contact_import.total_rows or 0):
            for chunk, end in preparing.saved(path, offset=int(contact_import.cursor.get("offset", 0))):
                contact_import = _write(import_id, chunk, end)
            _finish(contact_import)
    path.unlink(missing_ok=True)
    search_index.settle()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE people_contact")


def _write(import_id: int, chunk: preparing.Chunk, end: int) -> Import:
    with transaction.atomic():
        current = Import.objects.select_for_update().get(pk=import_id)
        counts = staging.write(contact_import=current, chunk=chunk, now=clock.now())
        current.rows += chunk.rows
        current.created += counts.created
        current.updated += counts.updated
        current.skipped += counts.skipped
        current.quarantined += counts.quarantined
        current.cursor = {**current.cursor, "offset": end}
        current.save(update_fields=["rows", "created", "updated", "skipped", "quarantined", "cursor"])
    return current


def _finish(contact_import: Import) -> None:
    with transaction.atomic():
        contact_import.state, contact_import.finished_at = State.FINISHED, clock.now()
        contact_import.save(update_fields=["state", "finished_at"])
        counts = {name: getattr(contact_import, name) for name in ("created", "updated", "skipped", "quarantined")}
        audit.record(actor=SYSTEM, verb="finish_import", subject=str(contact_import), now=clock.now(), detail=counts)


def _look_at_everything(contact_import: Import) -> tuple[int, list[dict[str, Any]], dict[str, int]]:
    look = _Look(contact_import)
    preparing.save(_prepared_path(contact_import), _prepared(contact_import, look))
    findings = [
        {"code": code, "count": look.codes[code], "share": look.codes[code] / look.total}
        | {"examples": look.examples.get(code, [])}
        for code, (share, least) in THRESHOLDS.items()
        if look.codes.get(code, 0) > least and look.codes[code] > share * look.total
    ]
    return look.total, findings, look.codes


class _Look:
    """What a check sees over all chunks."""

    def __init__(self, contact_import: Import) -> None:
        self.total = 0
        self.codes: dict[str, int] = {}
        self.examples: dict[str, list[dict[str, Any]]] = {}
        self._import_id = contact_import.pk
        self._anybody = Contact.objects.exists()

    def at(self, judged: rows.Judged) -> None:
        """Take one chunk in."""
        self.total += len(judged.good) + len(judged.bad)
        for code, number in judged.codes.items():
            self.codes[code] = self.codes.get(code, 0) + number
        for bad in judged.bad:
            self._show(bad.reasons[0]["code"], [{"row": bad.number, **bad.reasons[0]}])
        changed, shown = staging.changed_pairs(judged) if self._anybody else (0, [])
        if changed:
            self.codes["changed_pairs"] = self.codes.get("changed_pairs", 0) + changed
            self._show("changed_pairs", shown)
        Import.objects.filter(pk=self._import_id).update(total_rows=self.total)

    def _show(self, code: str, examples: list[dict[str, Any]]) -> None:
        shown = self.examples.setdefault(code, [])
        shown.extend(examples[: 5 - len(shown)])


def _prepared(contact_import: Import, look: _Look | None = None) -> Iterator[preparing.Chunk]:
    judge = judge_of(contact_import)
    for chunk in _chunks(contact_import):
        judged = judge.judge(chunk)
        if look:
            look.at(judged)
        yield preparing.prepared(judged, import_id=contact_import.pk, mapping=contact_import.mapping)


def _prepared_path(contact_import: Import) -> Path:
    """Where the prepared rows are, by all that they depend on: another mapping or decision means another file."""
    known = [(field.key, field.type, field.choices) for field in fields.active()]
    depends = json.dumps([contact_import.mapping, contact_import.layout, _accepted(contact_import), known])
    digest = hashlib.sha256(depends.encode()).hexdigest()[:16]
    return uploading.path_of(contact_import).with_suffix(f".{digest}.prepared")


def _accepted(contact_import: Import) -> list[str]:
    return sorted(one["code"] for one in contact_import.findings if one.get("decision") == "accept")


def judge_of(contact_import: Import) -> rows.Judge:
    """The judge of an import's rows, with what a person has accepted."""
    known = {field.key: field for field in fields.active()}

    def parse(key: str, value: str) -> Any:
        return fields.parse(known[key].type, known[key].choices, value) if key in known else value

    accepted = frozenset(_accepted(contact_import))
    return rows.Judge(contact_import.mapping, len(contact_import.layout["header"]), parse, accepted)


def _chunks(contact_import: Import) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows below the header in chunks, numbered as in the file (the header is row 1); blank lines don't count."""
    found = reading.rows(uploading.path_of(contact_import), uploading.layout_of(contact_import))
    next(found, None)
    numbered = ((number, cells) for number, cells in enumerate(found, start=2) if any(cells))
    while chunk := list(islice(numbered, CHUNK)):
        yield chunk


class _alone:
    """One process at a time per import: a session lock that PostgreSQL frees when its holder dies."""

    def __init__(self, import_id: int) -> None:
        self._key = import_id

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext('import'), %s)", [self._key])
            self._mine = bool(cursor.fetchone()[0])
        return self._mine

    def __exit__(self, *_: object) -> None:
        if self._mine and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('import'), %s)", [self._key])


def _fail(contact_import: Import, words: str) -> None:
    contact_import.state, contact_import.error = State.FAILED, words
    contact_import.save(update_fields=["state", "error"])


def _actor(by: User) -> Actor:
    return Actor("user", by.pk, str(by))

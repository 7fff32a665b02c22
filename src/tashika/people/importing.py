"""Import: look at the whole file, let a person decide, then write it chunk by chunk.

    check     judges every row and writes nothing but findings; findings over the batch stop it until decided
    run       a chunk is one transaction: contacts, history, tags, consent, quarantine, counters, cursor. Killed at any
              point it goes on after the last committed chunk and comes to the same end

The staging table is temporary; everything that touches contacts is a statement over the set.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.core import audit, clock
from tashika.core.actors import SYSTEM, Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import fields, reading, rows, staging, uploading
from tashika.people.models import Import, Source

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
        current.state, current.started_at, current.cursor = State.RUNNING, now, {**current.cursor, "rows": 0}
        current.save(update_fields=["source", "state", "started_at", "cursor"])
        audit.record(actor=_actor(by), verb="begin_import", subject=str(current), now=now)


def run(*, import_id: int) -> None:
    """Import what is left of a running import, chunk by chunk. Two workers never run one import at a time."""
    with _alone(import_id) as mine:
        contact_import = Import.objects.get(pk=import_id)
        if not mine or contact_import.state != State.RUNNING:
            return
        try:
            for chunk in _chunks(contact_import, skip=int(contact_import.cursor.get("rows", 0))):
                contact_import = _write(import_id, chunk)
        except reading.UnableToRead as error:
            _fail(contact_import, str(uploading.UnableToTakeFile.because(error.code, error.detail).what))
            return
        with transaction.atomic():
            contact_import.state, contact_import.finished_at = State.FINISHED, clock.now()
            contact_import.save(update_fields=["state", "finished_at"])
            audit.record(
                actor=SYSTEM,
                verb="finish_import",
                subject=str(contact_import),
                now=clock.now(),
                detail={
                    "created": contact_import.created,
                    "updated": contact_import.updated,
                    "skipped": contact_import.skipped,
                    "quarantined": contact_import.quarantined,
                },
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE people_contact")


def _write(import_id: int, chunk: list[tuple[int, list[str]]]) -> Import:
    with transaction.atomic():
        current = Import.objects.select_for_update().get(pk=import_id)
        judged = judge_of(current).judge(chunk)
        counts = staging.write(contact_import=current, judged=judged, now=clock.now())
        current.rows += len(chunk)
        current.created += counts.created
        current.updated += counts.updated
        current.skipped += counts.skipped
        current.quarantined += counts.quarantined
        current.cursor = {**current.cursor, "rows": int(current.cursor["rows"]) + len(chunk)}
        current.save(update_fields=["rows", "created", "updated", "skipped", "quarantined", "cursor"])
    return current


def _look_at_everything(contact_import: Import) -> tuple[int, list[dict[str, Any]], dict[str, int]]:
    total = 0
    codes: dict[str, int] = {}
    examples: dict[str, list[dict[str, Any]]] = {}
    judge = judge_of(contact_import)
    for chunk in _chunks(contact_import, skip=0):
        judged = judge.judge(chunk)
        total += len(chunk)
        for code, number in judged.codes.items():
            codes[code] = codes.get(code, 0) + number
        for bad in judged.bad:
            code = bad.reasons[0]["code"]
            if len(examples.setdefault(code, [])) < 5:
                examples[code].append({"row": bad.number, **bad.reasons[0]})
        changed, shown = staging.changed_pairs(judged)
        if changed:
            codes["changed_pairs"] = codes.get("changed_pairs", 0) + changed
            examples.setdefault("changed_pairs", []).extend(shown[: 5 - len(examples.get("changed_pairs", []))])
        Import.objects.filter(pk=contact_import.pk).update(total_rows=total)
    findings = [
        {"code": code, "count": codes[code], "share": codes[code] / total, "examples": examples.get(code, [])}
        for code, (share, least) in THRESHOLDS.items()
        if codes.get(code, 0) > least and codes[code] > share * total
    ]
    return total, findings, codes


def judge_of(contact_import: Import) -> rows.Judge:
    """The judge of an import's rows, with what a person has accepted."""
    known = {field.key: field for field in fields.active()}

    def parse(key: str, value: str) -> Any:
        return fields.parse(known[key].type, known[key].choices, value) if key in known else value

    accepted = {one["code"] for one in contact_import.findings if one.get("decision") == "accept"}
    return rows.Judge(contact_import.mapping, len(contact_import.layout["header"]), parse, frozenset(accepted))


def _chunks(contact_import: Import, *, skip: int) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows below the header in chunks, numbered as in the file (the header is row 1); blank lines don't count."""
    found = reading.rows(uploading.path_of(contact_import), uploading.layout_of(contact_import))
    next(found, None)
    numbered = islice(((number, cells) for number, cells in enumerate(found, start=2) if any(cells)), skip, None)
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

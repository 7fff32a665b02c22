"""`tashika import FILE`."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "import"
HELP = "import contacts from a CSV or XLSX file"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path)
    parser.add_argument("--mode", choices=["both", "new", "update"], default="both")
    parser.add_argument("--tag", action="append", default=[], help="a tag to put; may be given several times")
    parser.add_argument("--consent", default="", metavar="GROUND", help="form, business_card, business_relation, other")
    parser.add_argument("--consent-detail", default="", help="when and where the people agreed")
    parser.add_argument(
        "--accept", action="append", default=[], metavar="CODE", help="take the rows of a finding as they are"
    )
    parser.add_argument(
        "--quarantine", action="append", default=[], metavar="CODE", help="keep back the rows of a finding"
    )
    parser.add_argument("--blanks-overwrite", action="store_true", help="empty cells empty the value")
    parser.add_argument("--yes", action="store_true", help="do not ask before writing")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Take the file in, check it, ask, import it. Status 1 where the person said no, 3 where a finding is undecided."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.people import importing, uploading
    from tashika.people.models import Import

    by = acting.person()
    made = uploading.take(file_name=arguments.file.name, blocks=_blocks(arguments.file), by=by, now=clock.now())
    options = {
        "mode": arguments.mode,
        "tags": arguments.tag,
        "consent_ground": arguments.consent,
        "consent_detail": arguments.consent_detail,
        "blanks_overwrite": arguments.blanks_overwrite,
    }
    importing.set_up(contact_import=made, mapping=made.mapping, options=options, by=by, now=clock.now())
    with _progress(made.pk, "total_rows"):
        importing.check(import_id=made.pk)
    made.refresh_from_db()
    decisions = dict.fromkeys(arguments.accept, "accept") | dict.fromkeys(arguments.quarantine, "quarantine")
    undecided = [one["code"] for one in made.findings if one["code"] not in decisions]
    if undecided or made.state == Import.State.FAILED:
        values = {"import": made.pk, "state": made.state, "findings": ", ".join(undecided), "error": made.error}
        acting.show(values, as_json=arguments.json)
        return 3 if undecided else 2
    question = t("{n}行を取り込みますか。", "Import {n} rows?", n=f"{made.total_rows or 0:,}")
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    if made.findings:
        importing.decide(contact_import=made, decisions=decisions, by=by, now=clock.now())
    importing.begin(contact_import=Import.objects.get(pk=made.pk), by=by, now=clock.now())
    with _progress(made.pk, "rows"):
        importing.run(import_id=made.pk)
    made.refresh_from_db()
    names = ("rows", "created", "updated", "skipped", "quarantined")
    acting.show(
        {"import": made.pk, "state": made.state} | {name: getattr(made, name) for name in names}, as_json=arguments.json
    )
    return 0 if made.state == Import.State.FINISHED else 2


@contextmanager
def _progress(import_id: int, field: str) -> Iterator[None]:
    """The rows done so far, on a terminal's last line, read by a connection of its own."""
    import threading

    from django.db import connection

    from tashika.people.models import Import

    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def show() -> None:
        while not done.wait(0.5):
            found = Import.objects.get(pk=import_id)
            print(
                f"\r{getattr(found, field) or 0:>12,} / {found.total_rows or 0:,}", end="", file=sys.stderr, flush=True
            )
        connection.close()

    watcher = threading.Thread(target=show, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _blocks(path: Path) -> Iterator[bytes]:
    from tashika.core.errors import NotFound
    from tashika.core.text import t

    if not path.is_file():
        raise NotFound(t("ファイルが見つかりません。", "There is no such file."), where=str(path))
    with path.open("rb") as stream:
        while block := stream.read(1_048_576):
            yield block

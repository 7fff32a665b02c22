"""`tashika import FILE`."""

import argparse
from collections.abc import Iterator
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
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Take the file in, check it, import it. A finding that is not decided by --accept stops it with status 3."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.people import importing, uploading
    from tashika.people.models import Import

    by = acting.person()
    made = uploading.take(file_name=arguments.file.name, blocks=_blocks(arguments.file), by=by, now=clock.now())
    options = {
        "mode": arguments.mode,
        "tags": arguments.tag,
        "consent_ground": arguments.consent,
        "consent_detail": arguments.consent_detail,
    }
    importing.set_up(contact_import=made, mapping=made.mapping, options=options, by=by, now=clock.now())
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    open_findings = [one["code"] for one in made.findings if one["code"] not in arguments.accept]
    if open_findings:
        acting.show(
            {"import": made.pk, "state": made.state, "findings": ", ".join(open_findings)}, as_json=arguments.json
        )
        return 3
    if made.findings:
        decisions = {one["code"]: "accept" for one in made.findings}
        importing.decide(contact_import=made, decisions=decisions, by=by, now=clock.now())
    importing.begin(contact_import=Import.objects.get(pk=made.pk), by=by, now=clock.now())
    importing.run(import_id=made.pk)
    made.refresh_from_db()
    names = ("rows", "created", "updated", "skipped", "quarantined")
    acting.show(
        {"import": made.pk, "state": made.state} | {name: getattr(made, name) for name in names}, as_json=arguments.json
    )
    return 0


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1_048_576):
            yield block

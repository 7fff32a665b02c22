"""`tashika segments [G-n]`."""

import argparse

HELP = "how many contacts each segment has, or one"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("segment", nargs="?", help="such as G-5")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Count. One that can't be counted says why."""
    from tashika.audiences import matching
    from tashika.cli import acting
    from tashika.contents import queries
    from tashika.contents.models import Kind
    from tashika.core.errors import NotFound, TashikaError
    from tashika.core.text import t

    chosen = [queries.by_public_id(arguments.segment)] if arguments.segment else list(queries.of_kind(Kind.SEGMENT))
    if any(one.kind != Kind.SEGMENT for one in chosen):
        raise NotFound(t("{id} はセグメントではありません。", "{id} is no segment.", id=arguments.segment))
    counts: dict[str, object] = {}
    for one in chosen:
        try:
            counts[one.public_id] = matching.count(one.draft, one.pk)
        except TashikaError as error:
            counts[one.public_id] = str(error.what)
    acting.show(counts, as_json=arguments.json)
    return 0

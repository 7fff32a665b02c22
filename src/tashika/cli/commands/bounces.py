"""`tashika bounces [list|show|poll|recompute]`."""

import argparse
import sys

HELP = "what came back: list reports, show one, fetch the mailbox, read all anew"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=["list", "show", "poll", "recompute"], default="list")
    parser.add_argument("number", nargs="?", type=int, help="of a report, for show")
    parser.add_argument("--kind", default="", help="hard, soft, complaint, delayed, delivered, auto_reply, unknown")
    parser.add_argument("--dispatch", type=int, help="of one dispatch")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--raw", action="store_true", help="with show: the message itself, on standard output")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Status 1 from `poll` where the mailbox could not be read."""
    return {"list": _list, "show": _show, "poll": _poll, "recompute": _recompute}[arguments.act](arguments)


def _list(arguments: argparse.Namespace) -> int:
    import json

    from tashika.delivery.bounces import queries

    found = queries.bounces(kind=arguments.kind, dispatch_id=arguments.dispatch)[: max(0, arguments.limit)]
    names = ("id", "at", "kind", "reason", "code", "recipient", "format", "row_id", "contact_id")
    rows = [{name: getattr(one, name) for name in names} for one in found]
    if arguments.json:
        print(json.dumps({"counts": queries.counts(), "items": rows}, ensure_ascii=False, default=str))
        return 0
    for row in rows:
        print("  ".join(str(row[name]) if row[name] not in (None, "") else "-" for name in names))
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.delivery.bounces import queries

    found = queries.bounce(arguments.number or 0)
    if arguments.raw:
        sys.stdout.buffer.write(bytes(found.raw.raw))
        return 0
    names = ("id", "at", "kind", "reason", "code", "words", "subject", "format", "recipient", "tied_by", "row_id")
    values = {name: getattr(found, name) for name in names} | {"way": found.raw.way, "size": found.raw.size}
    acting.show(values, as_json=arguments.json)
    return 0


def _poll(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery.bounces import mailbox, settings

    taken = mailbox.poll(now=clock.now())
    error = settings.current().last_error
    acting.show({"taken": taken, "error": error}, as_json=arguments.json)
    return 1 if error else 0


def _recompute(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery.bounces import recomputing

    def progress(done: int) -> None:
        if sys.stderr.isatty() and done % 100 == 0:
            print(f"\r{done:>12,}", end="", file=sys.stderr, flush=True)

    outcome = recomputing.recompute(by=acting.actor(), now=clock.now(), progress=progress)
    acting.show({"read": outcome.read, "changed": outcome.changed, "lifted": outcome.lifted}, as_json=arguments.json)
    return 0

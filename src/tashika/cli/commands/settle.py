"""`tashika settle [DISPATCH]`: who is in doubt, and a person's word for it."""

import argparse

HELP = "list who is in doubt, look for evidence, or say what became of them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dispatch", nargs="?", type=int, help="number of a dispatch; without it all are listed")
    parser.add_argument("--look", action="store_true", help="look into Postfix's log and queue now")
    parser.add_argument("--as", dest="verdict", choices=["arrived", "not-arrived"], help="what became of them")
    parser.add_argument("--row", type=int, action="append", help="a ledger row, as the list has it; without: everybody")
    parser.add_argument("--reason", default="", help="how you know; for the record")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """0 done; 1 where a person did not agree."""
    if arguments.verdict:
        return _settle(arguments)
    if arguments.look:
        return _look(arguments)
    return _list(arguments)


def _list(arguments: argparse.Namespace) -> int:
    import json

    from tashika.delivery import settling

    names = ("id", "dispatch_id", "address", "begun_at", "reply")
    rows = settling.in_doubt(arguments.dispatch, rows=arguments.row).values(*names)
    for row in rows.iterator():
        if arguments.json:
            print(json.dumps(row, ensure_ascii=False, default=str))
        else:
            print("  ".join(str(row[name] or "-") for name in names))
    return 0


def _look(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import settling
    from tashika.delivery.bounces import settling as reports
    from tashika.delivery.evidence import looking

    now = clock.now()
    settled = looking.look(now=now) + reports.settle(None, now=now)
    acting.show({"settled": settled, "in_doubt": settling.in_doubt(None).count()}, as_json=arguments.json)
    return 0


def _settle(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.errors import TashikaError
    from tashika.core.text import t
    from tashika.delivery import settling

    if arguments.dispatch is None:
        raise TashikaError(t("配信の番号を指定してください。", "Name the dispatch by its number."), where="dispatch")
    seen_at = clock.now()
    number = settling.in_doubt(arguments.dispatch, rows=arguments.row).count()
    arrived = arguments.verdict == "arrived"
    question = t(
        "不明の{n}人を「{what}」とします。取り消せません。よろしいですか。",
        "{n} people in doubt: “{what}”. This can't be undone. Go on?",
        n=f"{number:,}",
        what=t("届いた", "it arrived") if arrived else t("届かなかった", "it did not arrive"),
    )
    if number and not acting.agreed(question, yes=arguments.yes):
        return 1
    settled = settling.by_hand(
        dispatch_id=arguments.dispatch,
        rows=arguments.row,
        arrived=arrived,
        reason=arguments.reason,
        by=acting.person(),
        seen_at=seen_at,
        now=clock.now(),
    )
    left = settling.in_doubt(arguments.dispatch).count()
    acting.show({"settled": settled, "in_doubt": left}, as_json=arguments.json)
    return 0

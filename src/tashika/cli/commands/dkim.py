"""`tashika dkim [list|make|activate|rotate|retire] DOMAIN [SELECTOR]`."""

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tashika.delivery.models import DkimKey

HELP = "the keys that sign a sending domain's mail: make, activate, rotate, retire"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", choices=["list", "make", "activate", "rotate", "retire"])
    parser.add_argument("domain", help="such as example.jp")
    parser.add_argument("selector", nargs="?", default="", help="with activate and retire: the key's")
    parser.add_argument("--algorithm", choices=["rsa2048", "ed25519"], default="rsa2048", help="with make")
    parser.add_argument("--unseen", action="store_true", help="with activate: without a look at the DNS, on your word")
    parser.add_argument("--yes", action="store_true", help="with retire: do not ask")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Do it and show the keys that it concerned, each with its record."""
    acts = {"list": _list, "make": _make, "activate": _activate, "rotate": _rotate, "retire": _retire}
    found = acts[arguments.act](arguments)
    if arguments.json:
        print(json.dumps([_plain(key) for key in found], ensure_ascii=False, default=str))
        return 0
    for key in found:
        plain = _plain(key)
        print(f"{plain['state']:8} {plain['selector']}  {plain['algorithm']}")
        print(f"{'':9}{plain['record_name']}. IN TXT ( {plain['record_quoted']} )")
    return 0


def _list(arguments: argparse.Namespace) -> Sequence["DkimKey"]:
    from tashika.delivery import sending_domains
    from tashika.delivery.sender_check import queries

    return list(queries.keys_of(sending_domains.by_name(arguments.domain)))


def _make(arguments: argparse.Namespace) -> Sequence["DkimKey"]:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import sending_domains
    from tashika.delivery.dkim import keeping

    domain = sending_domains.by_name(arguments.domain)
    return [keeping.make(domain=domain, algorithm=arguments.algorithm, by=acting.person(), now=clock.now())]


def _activate(arguments: argparse.Namespace) -> Sequence["DkimKey"]:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery.dkim import keeping
    from tashika.delivery.sender_check import checking

    key, lookup = _key(arguments), checking.new_lookup()
    keeping.activate(key, by=acting.person(), now=clock.now(), lookup=lookup, unseen=arguments.unseen)
    return [key]


def _rotate(arguments: argparse.Namespace) -> Sequence["DkimKey"]:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import sending_domains
    from tashika.delivery.dkim import keeping

    domain = sending_domains.by_name(arguments.domain)
    return keeping.rotate(domain=domain, by=acting.person(), now=clock.now())


def _retire(arguments: argparse.Namespace) -> Sequence["DkimKey"]:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.delivery.dkim import keeping

    key = _key(arguments)
    question = t("{k} での署名をやめ、秘密鍵を消去しますか。", "Stop signing with {k} and wipe its secret?", k=str(key))
    if not acting.agreed(question, yes=arguments.yes):
        return []
    keeping.retire(key, by=acting.person(), now=clock.now())
    key.refresh_from_db()
    return [key]


def _key(arguments: argparse.Namespace) -> "DkimKey":
    from tashika.core.errors import NotFound
    from tashika.core.text import t
    from tashika.delivery import sending_domains
    from tashika.delivery.sender_check import queries

    found = queries.keys_of(sending_domains.by_name(arguments.domain)).filter(selector=arguments.selector).first()
    if found is None:
        raise NotFound(
            t("そのセレクターの鍵はありません。", "There is no key of that selector."),
            fix=t("`tashika dkim list {d}` で確かめてください。", "See `tashika dkim list {d}`.", d=arguments.domain),
            where=arguments.selector,
        )
    return found


def _plain(key: "DkimKey") -> dict[str, Any]:
    from tashika.delivery.dkim import keeping, keys

    value = keeping.record_text(key)
    return {
        "selector": key.selector,
        "algorithm": key.algorithm,
        "state": key.state,
        "record_name": str(key),
        "record_value": value,
        "record_quoted": keys.in_strings(value),
        "created_at": key.created_at,
        "activated_at": key.activated_at,
        "retired_at": key.retired_at,
    }

"""`tashika domains [list|add|check|addresses|archive] [NAME]`."""

import argparse
import json
from typing import Any

HELP = "sending domains: add one, check SPF, DKIM, DMARC and more"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=["list", "add", "check", "addresses", "archive"], default="list")
    parser.add_argument("name", nargs="?", default="", help="such as example.jp")
    parser.add_argument("values", nargs="*", help="with addresses: the IP addresses that mail leaves from")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Status 1 from `check` where something is a problem."""
    acts = {"list": _list, "add": _add, "check": _check, "addresses": _addresses, "archive": _archive}
    return acts[arguments.act](arguments)


def _list(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery.sender_check import queries

    now = clock.now()
    acting.show({one.name: queries.checked(one, now=now).level for one in queries.domains()}, as_json=arguments.json)
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import sending_domains

    made = sending_domains.add(name=arguments.name, by=acting.person(), now=clock.now())
    acting.show({"added": made.name}, as_json=arguments.json)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from tashika.core import clock
    from tashika.delivery import sending_domains
    from tashika.delivery.sender_check import checking
    from tashika.delivery.sender_check.findings import PROBLEM

    kept = checking.check(domain=sending_domains.by_name(arguments.name), now=clock.now())
    if arguments.json:
        print(json.dumps({"at": kept.at, "findings": kept.findings}, ensure_ascii=False, default=str))
    else:
        for finding in kept.findings:
            _print(finding)
    return 1 if any(finding["level"] == PROBLEM for finding in kept.findings) else 0


def _addresses(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import sending_domains

    domain = sending_domains.by_name(arguments.name)
    addresses = " ".join(arguments.values)
    sending_domains.set_outgoing_addresses(domain, addresses=addresses, by=acting.person(), now=clock.now())
    acting.show({domain.name: domain.outgoing_addresses}, as_json=arguments.json)
    return 0


def _archive(arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import sending_domains

    domain = sending_domains.by_name(arguments.name)
    sending_domains.archive(domain, by=acting.person(), now=clock.now())
    acting.show({"archived": domain.name}, as_json=arguments.json)
    return 0


def _print(finding: dict[str, Any]) -> None:
    from tashika.cli.main import language

    print(f"{finding['level']:8} {finding['subject']:10} {finding['what'][language()]}")
    if finding["fix"]:
        print(f"{'':19} → {finding['fix'][language()]}")
    if finding["record"]:
        print(f"{'':19}   {finding['record']['name']}. {finding['record']['type']} {finding['record']['quoted']}")

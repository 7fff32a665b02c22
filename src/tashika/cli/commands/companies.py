"""`tashika companies [list|rename|join]`."""

import argparse

HELP = "the companies: find them, rename, join two"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=("list", "rename", "join"), default="list")
    parser.add_argument("company", nargs="?", help="list: words in the name; else its number")
    parser.add_argument("to", nargs="?", help="rename: the new name; join: the number of the other")
    parser.add_argument("--in-contacts", action="store_true", help="rename: in what the contacts carry, too")
    parser.add_argument("--yes", action="store_true", help="join without asking")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Do it; joining asks first, with the count."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.people import companies, queries

    if arguments.act == "list":
        found = list(queries.companies(arguments.company or "")[:1000])
        counts = queries.company_counts([one.pk for one in found])
        acting.show({f"{one.pk} {one.name}": counts.get(one.pk, 0) for one in found}, as_json=arguments.json)
        return 0
    by, now = acting.actor(), clock.now()
    company = queries.company(_number(arguments.company))
    if arguments.act == "rename":
        changed = companies.rename(
            company=company, name=arguments.to or "", in_contacts=arguments.in_contacts, by=by, now=now
        )
        acting.show({"contacts": changed}, as_json=arguments.json)
        return 0
    into = queries.company(_number(arguments.to))
    count = queries.company_counts([company.pk]).get(company.pk, 0)
    question = t("{a}（{n}人）を{b}にまとめますか", "Join {a} ({n}) to {b}?", a=company.name, n=count, b=into.name)
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    acting.show({"contacts": companies.join(company=company, into=into, by=by, now=now)}, as_json=arguments.json)
    return 0


def _number(word: str | None) -> int:
    return int(word) if word and word.isdigit() else 0

"""`tashika fields [list|add|rename|choices|order|archive|bring-back]`."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tashika.core.text import Text

HELP = "the custom fields: list them, add, rename, choices, order, archive, bring back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    acts = ("list", "add", "rename", "choices", "order", "archive", "bring-back")
    parser.add_argument("act", nargs="?", choices=acts, default="list")
    parser.add_argument("key", nargs="?", help="what rules and merge fields call it: custom.<key>")
    parser.add_argument("values", nargs="*", help="rename: the label; choices: all of them; order: further keys")
    parser.add_argument("--type", default="text", help="text, number, date, choice, multi_choice, yes_no")
    parser.add_argument("--label", default="")
    parser.add_argument("--yes", action="store_true", help="archive without asking")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Do it, then show the fields."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.people import defining, fields, queries

    by, now, act, values = acting.actor(), clock.now(), arguments.act, arguments.values
    key = arguments.key or ""
    if act == "add":
        defining.create(key=key, label=arguments.label, type=arguments.type, choices=values, by=by, now=now)
    elif act == "rename":
        defining.change(field=queries.field(key), label=" ".join(values), choices=None, by=by, now=now)
    elif act == "choices":
        defining.change(field=queries.field(key), label=None, choices=values, by=by, now=now)
    elif act == "order":
        defining.reorder(keys=[key, *values], by=by, now=now)
    elif act == "archive":
        if not acting.agreed(_question(key), yes=arguments.yes):
            return 1
        defining.archive(field=queries.field(key), by=by, now=now)
    elif act == "bring-back":
        defining.bring_back(field=queries.field(key), by=by, now=now)
    shown = {
        field.key: {"label": field.label, "type": field.type, "choices": field.choices, "archived": field.archived_at}
        for field in fields.every()
    }
    acting.show(shown, as_json=arguments.json)
    return 0


def _question(key: str) -> "Text":
    from tashika.audiences import uses as segment_uses
    from tashika.core.text import t
    from tashika.mails import uses as mail_uses
    from tashika.people import queries

    field = queries.field(key)
    using = [one.public_id for one in (*segment_uses.of_field(key), *mail_uses.of_field(key))]
    return t(
        "{label} の使用を停止しますか（値がある人 {n}、使っているもの {using}）",
        "Archive {label}? Contacts with a value: {n}; used by: {using}",
        label=field.label,
        n=queries.values_count(key),
        using=", ".join(using) or "–",
    )

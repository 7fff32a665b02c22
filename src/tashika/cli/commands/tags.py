"""`tashika tags [list|rename|merge|delete]`."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tashika.people.models import Tag

HELP = "the tags: list them, rename, merge, delete"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=("list", "rename", "merge", "delete"), default="list")
    parser.add_argument("tag", nargs="?", help="its name")
    parser.add_argument("to", nargs="?", help="rename: the new name; merge: the tag that it becomes")
    parser.add_argument("--yes", action="store_true", help="merge and delete without asking")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Do it; merging and deleting ask first, with the count."""
    from tashika.audiences import retiring
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.core.text import t
    from tashika.people import queries, tags

    if arguments.act == "list":
        found = list(queries.tags())
        counts = queries.tag_counts([tag.pk for tag in found])
        acting.show({tag.name: counts[tag.pk] for tag in found}, as_json=arguments.json)
        return 0
    by, now = acting.actor(), clock.now()
    tag = _tag(arguments.tag)
    if arguments.act == "rename":
        renamed = tags.rename(tag=tag, name=arguments.to or "", by=by, now=now)
        acting.show({"id": renamed.pk, "name": renamed.name}, as_json=arguments.json)
        return 0
    count = queries.tagged_count(tag)
    if arguments.act == "merge":
        into = _tag(arguments.to)
        question = t("{a}（{n}人）を{b}に統合しますか", "Merge {a} ({n}) into {b}?", a=tag.name, n=count, b=into.name)
        if not acting.agreed(question, yes=arguments.yes):
            return 1
        acting.show({"contacts": tags.merge(tag=tag, into=into, by=by, now=now)}, as_json=arguments.json)
        return 0
    question = t("{a} を削除しますか（{n}人から外れます）", "Delete {a} ({n} contacts have it)?", a=tag.name, n=count)
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    acting.show({"contacts": retiring.delete_tag(tag=tag, by=by, now=now)}, as_json=arguments.json)
    return 0


def _tag(name: str | None) -> "Tag":
    from tashika.core.errors import NotFound
    from tashika.core.text import t
    from tashika.people import queries

    found = queries.tag_of(name or "")
    if found is None:
        raise NotFound(t("タグ {name} はありません。", "There is no tag {name}.", name=name or "–"))
    return found

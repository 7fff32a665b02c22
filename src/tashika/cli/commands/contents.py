"""`tashika contents show|versions|history|at|difference|uses|keep|restore|copy ID`."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tashika.contents.models import Content
    from tashika.contents.states import State

HELP = "any content by its ID: versions, differences, history, uses; keep, restore, copy"
ACTS = ("show", "versions", "history", "at", "difference", "uses", "keep", "restore", "copy")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", choices=ACTS)
    parser.add_argument("id", help="such as M-31")
    parser.add_argument(
        "first", nargs="?", default="", help="a state: draft, v3, r12, a7; at: a time; restore, copy: which"
    )
    parser.add_argument("second", nargs="?", default="draft", help="difference: the later state (draft)")
    parser.add_argument("--yes", action="store_true", help="restore without asking")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Restoring asks first; `difference` has status 1 where something differs."""
    from tashika.contents import queries

    content = queries.by_public_id(arguments.id)
    act = {
        "show": _show,
        "versions": _versions,
        "history": _history,
        "at": _at,
        "difference": _difference,
        "uses": _uses,
        "keep": _keep,
        "restore": _restore,
        "copy": _copy,
    }[arguments.act]
    return act(content, arguments)


def _show(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.contents import frozen

    held = frozen.standing(content)
    values = {
        "id": content.public_id,
        "kind": content.kind,
        "name": content.name,
        "revision": content.draft_revision,
        "saved_at": content.draft_saved_at.isoformat(),
        "frozen_by": held.by_incident if held else "",
        "frozen_since": held.since.isoformat() if held else "",
    }
    acting.show(values, as_json=arguments.json)
    return 0


def _versions(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.contents import queries, states

    return _list([states.of_version(content, one) for one in queries.versions_of(content)], arguments)


def _history(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.contents import queries, states

    return _list([states.of_revision(content, row) for row in queries.revisions_of(content)], arguments)


def _at(content: "Content", arguments: argparse.Namespace) -> int:
    from datetime import datetime

    from tashika.cli import acting
    from tashika.contents import states
    from tashika.core import clock
    from tashika.core.errors import TashikaError
    from tashika.core.text import t

    try:
        moment = datetime.fromisoformat(arguments.first)
    except ValueError as error:
        raise TashikaError(
            t("時刻を読めません。", "The time can't be read."),
            fix=t("例: 2026-12-01T10:00", "Such as 2026-12-01T10:00"),
        ) from error
    found = states.at(content, moment if moment.tzinfo else clock.aware(moment))
    values = {
        "draft": found.draft.ref if found.draft else "",
        "version": found.version.ref if found.version else "",
        "being_edited_by": found.being_edited_by,
    }
    acting.show(values, as_json=arguments.json)
    return 0


def _difference(content: "Content", arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from tashika.contents import states

    before, after = states.find(content, arguments.first), states.find(content, arguments.second)
    changes = states.difference(before, after)
    if arguments.json:
        _print_json([asdict(change) for change in changes])
        return int(bool(changes))
    signs = {"gone": "- ", "new": "+ ", "same": "  "}
    for change in changes:
        print(f"@ {change.label}")
        for line in change.lines:
            words = f"… {line.skipped}" if line.skipped else "".join(piece.text for piece in line.pieces)
            print(f"{signs.get(line.kind, '  ')}{'  ' * line.depth}{words}")
    return int(bool(changes))


def _uses(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.contents import uses
    from tashika.scenarios import uses as scenarios

    named: dict[str, Any] = {}
    for one in uses.of(content):
        named[one.content.public_id] = ", ".join((["draft"] if one.in_draft else []) + [f"v{n}" for n in one.versions])
    for publication in scenarios.publications_of(content):
        named[f"publication:{publication.pk}"] = f"{publication.scenario.public_id} {publication.state}"
    acting.show(named, as_json=arguments.json)
    return 0


def _keep(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.contents import versions
    from tashika.core import clock

    version = versions.keep(content=content, by=acting.person(), now=clock.now())
    acting.show({"version": f"v{version.number}"}, as_json=arguments.json)
    return 0


def _restore(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.contents import restoring, states
    from tashika.core import clock
    from tashika.core.text import t

    state = states.find(content, arguments.first)
    question = t(
        "{id} の下書きを {ref} の内容にしますか", "Make {ref} the draft of {id}?", id=content.public_id, ref=state.ref
    )
    if not acting.agreed(question, yes=arguments.yes):
        return 1
    done = restoring.restore(state=state, by=acting.person(), now=clock.now())
    acting.show({"revision": done.content.draft_revision, "kept": f"v{done.kept.number}"}, as_json=arguments.json)
    return 0


def _copy(content: "Content", arguments: argparse.Namespace) -> int:
    from tashika.cli import acting
    from tashika.contents import copying, states
    from tashika.core import clock

    state = states.find(content, arguments.first or "draft")
    made = copying.copy(state=state, by=acting.person(), now=clock.now())
    acting.show({"id": made.public_id, "name": made.name}, as_json=arguments.json)
    return 0


def _list(found: "list[State]", arguments: argparse.Namespace) -> int:
    rows = [{"ref": one.ref, "name": one.name, "at": one.at.isoformat(), "by": one.by} for one in found]
    if arguments.json:
        _print_json(rows)
        return 0
    for row in rows:
        print(f"{row['ref']:6} {row['at']}  {row['by']}  {row['name']}")
    return 0


def _print_json(values: Any) -> None:
    import json

    print(json.dumps(values, ensure_ascii=False, default=str))

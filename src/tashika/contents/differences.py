"""What differs between two states of a content, part by part: text by line, rules by branch. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tashika.contents import marking
from tashika.contents.marking import Line
from tashika.contents.outlines import Branch, Part


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs. `kind` is changed, gone or new."""

    key: str
    label: str
    kind: str
    lines: list[Line]
    source: bool = False


def between(before: Sequence[Part], after: Sequence[Part]) -> list[Change]:
    """The parts that differ, in the order of the later state; those that are gone come last."""
    old = {part.key: part for part in before}
    new = {part.key: part for part in after}
    found = [_change(old.get(key), part) for key, part in new.items()]
    found += [_one_sided("gone", part) for key, part in old.items() if key not in new]
    return [change for change in found if change is not None and change.lines]


def _change(before: Part | None, after: Part) -> Change | None:
    if before is None:
        return _one_sided("new", after)
    if (before.label, before.text, before.branch) == (after.label, after.text, after.branch):
        return None
    lines = marking.pair(before.label, after.label) if before.label != after.label else []
    lines += marking.between(before.text, after.text)
    lines += list(_branches(before.branch, after.branch))
    return Change(after.key, after.label, "changed", lines, after.source)


def _one_sided(kind: str, part: Part) -> Change:
    lines = [marking.whole(kind, words, depth) for depth, words in part.lines()]
    return Change(part.key, part.label, kind, lines or [marking.whole(kind, part.label)], part.source)


def _branches(before: Branch | None, after: Branch | None, depth: int = 0) -> Iterator[Line]:
    """A tree against another. Unchanged branches stay, so that one sees where a change stands."""
    if before is None or after is None:
        if before is not None:
            yield from _all("gone", before, depth)
        if after is not None:
            yield from _all("new", after, depth)
        return
    if before == after:
        yield from _all("same", before, depth)
        return
    if before.words == after.words:
        yield marking.whole("same", before.words, depth)
    else:
        yield from marking.pair(before.words, after.words, depth)
    yield from _children(before.branches, after.branches, depth + 1)


def _children(before: Sequence[Branch], after: Sequence[Branch], depth: int) -> Iterator[Line]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            for one in before[a:b]:
                yield from _all("same", one, depth)
        else:
            yield from _paired(list(before[a:b]), list(after[c:d]), depth)


def _paired(before: list[Branch], after: list[Branch], depth: int) -> Iterator[Line]:
    """Branches about the same field, or groups, are one that changed; the others came or went."""
    for one in after:
        former = next((other for other in before if other.subject == one.subject), None)
        if former is None:
            yield from _all("new", one, depth)
            continue
        while before[0] is not former:
            yield from _all("gone", before.pop(0), depth)
        yield from _branches(before.pop(0), one, depth)
    for other in before:
        yield from _all("gone", other, depth)


def _all(kind: str, branch: Branch, depth: int) -> Iterator[Line]:
    yield marking.whole(kind, branch.words, depth)
    for one in branch.branches:
        yield from _all(kind, one, depth + 1)

"""An outline: what stands in a content, part by part, in words that people read. Pure.

Each kind makes its own (`contents.kinds`); showing a state and comparing two works on outlines alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a rule: a line in words, and the branches below it. `subject` says with which former branch it is
    compared where both changed: a field's name, or a group."""

    words: str
    subject: str = ""
    branches: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One part: lines of text, a tree of branches, or both. `key` finds the same part in another state; `source` is for
    what is written by people for machines, shown in a fixed-width face."""

    key: str
    label: str
    text: str = ""
    branch: Branch | None = None
    source: bool = False

    def lines(self) -> Iterator[tuple[int, str]]:
        """Every line with its depth, as a state is shown."""
        for line in self.text.splitlines():
            yield 0, line
        if self.branch is not None:
            yield from _lines(self.branch, 0)


def _lines(branch: Branch, depth: int) -> Iterator[tuple[int, str]]:
    yield depth, branch.words
    for one in branch.branches:
        yield from _lines(one, depth + 1)

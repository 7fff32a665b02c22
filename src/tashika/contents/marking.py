"""Two texts compared by line, with the words that differ marked. Pure.

Japanese has no spaces between words: a run of one script (kanji, hiragana, katakana, Latin letters and digits) counts
as a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"[0-9A-Za-z_À-ɏ]+|[ァ-ヺー]+|[一-鿿々〆]+|[ぁ-ゖ]+|\s+|.")
_MOST_LINES = 4_000_000  # lines of one side times those of the other: above it a text is shown as replaced
_MOST_WORDS = 400  # of a line; above it the line is shown as replaced
_ALIKE = 0.35  # the share of words in common from which on two lines are one line that changed
AROUND = 2  # unchanged lines shown around a change


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line. `kind` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference. `kind` is same, gone, new, or skipped (then `skipped` unchanged lines are left out)."""

    kind: str
    pieces: tuple[Piece, ...] = ()
    depth: int = 0
    skipped: int = 0


def between(before: str, after: str) -> list[Line]:
    """The lines that differ, with a few around them. Empty where nothing does."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    return _shortened(list(_lines(old, new)))


def pair(before: str, after: str, depth: int = 0) -> list[Line]:
    """One line that became another: as it was and as it is, with the words that differ marked."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > _MOST_WORDS or len(new) > _MOST_WORDS:
        return [whole("gone", before, depth), whole("new", after, depth)]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [whole("gone", before, depth), whole("new", after, depth)]
    gone: list[Piece] = []
    came: list[Piece] = []
    for what, a, b, c, d in matcher.get_opcodes():
        _append(gone, "same" if what == "equal" else "gone", "".join(old[a:b]))
        _append(came, "same" if what == "equal" else "new", "".join(new[c:d]))
    return [Line("gone", tuple(gone), depth), Line("new", tuple(came), depth)]


def whole(kind: str, text: str, depth: int = 0) -> Line:
    """A line that is entirely of one kind."""
    return Line(kind, (Piece(kind, text),), depth)


def _append(pieces: list[Piece], kind: str, text: str) -> None:
    if text:
        pieces.append(Piece(kind, text))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    for line in old[:head]:
        yield whole("same", line)
    yield from _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    for line in old[len(old) - tail :]:
        yield whole("same", line)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines two texts begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _middle(old: list[str], new: list[str]) -> Iterator[Line]:
    if len(old) * len(new) > _MOST_LINES:
        yield from _replaced(old, new, paired=False)
        return
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from (whole("same", line) for line in old[a:b])
        else:
            yield from _replaced(old[a:b], new[c:d], paired=True)


def _replaced(old: list[str], new: list[str], *, paired: bool) -> Iterator[Line]:
    both = min(len(old), len(new)) if paired else 0
    for before, after in zip(old[:both], new[:both], strict=True):
        yield from pair(before, after)
    yield from (whole("gone", line) for line in old[both:])
    yield from (whole("new", line) for line in new[both:])


def _shortened(lines: list[Line]) -> list[Line]:
    """Runs of unchanged lines cut to what stands around a change."""
    near = {
        other for at, line in enumerate(lines) if line.kind != "same" for other in range(at - AROUND, at + AROUND + 1)
    }
    found: list[Line] = []
    for at, line in enumerate(lines):
        if at in near:
            found.append(line)
        elif found and found[-1].kind == "skipped":
            found[-1] = Line("skipped", skipped=found[-1].skipped + 1)
        else:
            found.append(Line("skipped", skipped=1))
    return found

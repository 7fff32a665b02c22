"""Merge fields: Liquid, kept small. Pure: no Django, no database.

Templates see nested mappings of scalars and nothing else: no attribute of a Python object can be reached, loops,
assignments and includes do not exist, and a value is never read as a template. Whatever is wrong is found when the
template is parsed, with its line and column.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote

from liquid import Environment, FalsyStrictUndefined
from liquid.exceptions import LiquidError
from liquid.token import Token

from tashika.core.text import Text, t
from tashika.mails.fields import CONTACT_FIELDS, OPT_OUT_LABEL, OPT_OUT_URL, ORGANISATION_FIELDS

FILTERS = frozenset({"default", "strip", "upcase", "downcase", "truncate", "append", "prepend"})
TAGS = frozenset({"if", "unless", "case", "comment"})
MOST_CHARACTERS = 200_000  # of a template's source
_MOST_FLAWS = 50  # reported at once
ENGINE = "tashika"  # the engine's own values (links, pixel); no author can name them

STANDARD_FIELDS: frozenset[str] = frozenset(
    [f"contact.{name}" for name in CONTACT_FIELDS]
    + [f"organisation.{name}" for name in ORGANISATION_FIELDS]
    + [OPT_OUT_URL]
)
_BY_LABEL = {
    **{label: f"contact.{name}" for name, labels in CONTACT_FIELDS.items() for label in labels},
    **{label: f"organisation.{name}" for name, labels in ORGANISATION_FIELDS.items() for label in labels},
    **dict.fromkeys(OPT_OUT_LABEL, OPT_OUT_URL),
    "氏名": "contact.family_name",
    "お名前": "contact.family_name",
    "苗字": "contact.family_name",
    "企業名": "contact.company_name",
    "配信停止URL": OPT_OUT_URL,
    "last_name": "contact.family_name",
    "first_name": "contact.given_name",
    "name": "contact.family_name",
    "company": "contact.company_name",
}
_CUSTOM = re.compile(r"contact\.custom\.[A-Za-z0-9_-]{1,40}")

# A piece of Liquid, on one line: `{{ … }}` or `{% … %}`.
LIQUID = re.compile(
    r"\{\{(?:\"[^\"{}\n]*\"|'[^'{}\n]*'|[^{}\"'\n])*\}\}|\{%(?:\"[^\"%\n]*\"|'[^'%\n]*'|[^{}%\"'\n])*%\}"
)

# Notations of other tools and slips of the finger (research: misdelivery in Japan, 1.4). They would reach people raw.
_NEAR_MISSES: tuple[tuple[re.Pattern[str], Text], ...] = (
    (
        re.compile(r"[｛﹛]\s*[｛﹛{%％]|\{\s*[｛﹛]|[｝﹜]\s*[｝﹜}]|\}\s*[｝﹜]"),
        t("全角の波括弧です。", "These braces are full-width."),
    ),
    (re.compile(r"\{\{"), t("{{ が }} で閉じていません。", "{{ is not closed by }}.")),
    (re.compile(r"\{%"), t("{% が %} で閉じていません。", "{% is not closed by %}.")),
    (
        re.compile(r"(?<![{\w])\{[^{}\s:;]{1,60}\}\}"),
        t("差し込みの始まりの波括弧が1つ足りません。", "An opening brace is missing."),
    ),
    (
        re.compile(r"\{contactfield=[^}\n]*\}?"),
        t("ほかのツールの差し込み記法です。", "This is another tool's merge notation."),
    ),
    (
        re.compile(
            r"%%[^\s%]{1,40}%%|\[\[[^\]\n]{1,60}\]\]|\*\|[^|\s]{1,40}\|\*|__c\d+__|▲▲[^▲\n]{1,30}▲▲"
            r"|%(?:Customer|Company|Section)%"
        ),
        t("ほかのツールの差し込み記法です。", "This is another tool's merge notation."),
    ),
    (
        re.compile(
            r"\{(?:"
            + "|".join(re.escape(label) for label in _BY_LABEL if not label.isascii())
            + r"|(?:contact|organisation)\.[\w.]+)\}(?!\})"
        ),
        t("差し込みの波括弧が足りません。", "This merge field lacks braces."),
    ),
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong in a template and where: line and column count from 1, `start` and `end` are offsets."""

    what: Text | str
    fix: Text | str
    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field named in a template, and where."""

    name: str
    start: int
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """`{{ name }}` with nothing but a fallback: what the compiler can fill in without Liquid."""

    name: str
    fallback: str | None
    percent: bool = False


class UnableToMerge(Exception):
    """A value is missing or a condition compares what can't be compared: this mail can't be built."""


class YesNo:
    """A yes/no value: true or false in a condition, はい or いいえ in print."""

    __slots__ = ("yes",)

    def __init__(self, yes: bool) -> None:
        self.yes = yes

    def __liquid__(self) -> bool:
        return self.yes

    def __str__(self) -> str:
        return "はい" if self.yes else "いいえ"


class MergeTemplate:
    """A parsed template. `html` escapes every value."""

    __slots__ = ("_template", "html", "source")

    def __init__(self, source: str, *, html: bool) -> None:
        self.source = source
        self.html = html
        self._template = _environment(html).from_string(source)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text with the values filled in. Raises UnableToMerge where a field that it needs is missing."""
        try:
            return str(self._template.render(**values))
        except LiquidError as error:
            raise UnableToMerge(str(error).split("\n", 1)[0]) from error

    def uses(self) -> list[FieldUse]:
        """The fields named, wherever they stand, in order."""
        analysis = self._template.analyze()
        found = []
        for variables in analysis.variables.values():
            for variable in variables:
                name = ".".join(str(segment) for segment in variable.segments)
                start = variable.span.index
                found.append(FieldUse(name, start, _has_fallback(self.source, start)))
        return sorted(found, key=lambda use: use.start)

    def filters(self) -> Iterator[tuple[str, int]]:
        """The filters used with their offsets."""
        for name, spans in self._template.analyze().filters.items():
            for span in spans:
                yield name, span.index

    def runs(self) -> "list[str | Substitution | MergeTemplate] | None":
        """The template cut into static runs, plain substitutions, and pieces that only Liquid can render (conditions
        with all that they hold, other filters). Nothing if whitespace control ties the pieces together."""
        if _WHITESPACE_CONTROL.search(self.source):
            return None
        runs: list[str | Substitution | MergeTemplate] = []
        position = 0
        for start, end in _pieces(self.source):
            runs.append(self.source[position:start])
            piece = self.source[start:end]
            runs.append(_plain(piece) or MergeTemplate(piece, html=self.html))
            position = end
        runs.append(self.source[position:])
        return [run for run in runs if run != ""]


_WHITESPACE_CONTROL = re.compile(r"\{\{-|\{%-|-\}\}|-%\}")
_TAG_NAME = re.compile(r"\{%\s*(\w+)")


def _pieces(source: str) -> Iterator[tuple[int, int]]:
    """The spans of the outermost pieces of Liquid: a substitution, or a block from its opening to its end tag."""
    opened: list[tuple[str, int]] = []
    for match in LIQUID.finditer(source):
        tag = _TAG_NAME.match(match[0])
        name = tag[1] if tag else ""
        if opened and opened[-1][0] == "comment" and name != "endcomment":
            continue
        if name in TAGS:
            opened.append((name, match.start()))
        elif name.startswith("end"):
            _, start = opened.pop()
            if not opened:
                yield start, match.end()
        elif not opened:
            yield match.start(), match.end()


_PLAIN = re.compile(
    r"\{\{\s*([A-Za-z_][\w-]*(?:\.[A-Za-z0-9_-]+)*)\s*"
    r"(?:\|\s*default\s*:\s*(?:\"([^\"]*)\"|'([^']*)')\s*)?(\|\s*_percent\s*)?\}\}",
    re.ASCII,
)


def _plain(piece: str) -> Substitution | None:
    match = _PLAIN.fullmatch(piece)
    if match is None:
        return None
    fallback = match[2] if match[2] is not None else match[3]
    return Substitution(match[1], fallback, match[4] is not None)


def _has_fallback(source: str, start: int) -> bool:
    end = source.find("}}", start)
    return end >= 0 and re.search(r"\|\s*default\s*:", source[start:end]) is not None


def flaws(source: str, *, known: Collection[str] | None = None, html: bool = False) -> list[Flaw]:
    """Everything that is wrong with a template, in order of place.

    `known` are the full names of all fields, custom ones included; without it any `contact.custom.<key>` passes.
    """
    if len(source) > MOST_CHARACTERS:
        over = t("{n}文字を超えています。", "It is longer than {n} characters.", n=MOST_CHARACTERS)
        return [_flaw(source, MOST_CHARACTERS, MOST_CHARACTERS, over, t("短くしてください。", "Make it shorter."))]
    found = list(islice(_near_misses(source), _MOST_FLAWS))
    rest = source
    for flaw in found:  # what is malformed is blanked, so that the other fields can be looked at too
        rest = rest[: flaw.start] + " " * (flaw.end - flaw.start) + rest[flaw.end :]
    if len(found) == _MOST_FLAWS:
        return sorted(found, key=lambda flaw: flaw.start)
    try:
        template = MergeTemplate(rest, html=html)
    except LiquidError as error:
        if not found:
            found.append(_syntax(source, error))
        return sorted(found, key=lambda flaw: flaw.start)
    for use in template.uses():
        if not is_known(use.name, known):
            found.append(_unknown(source, use, known))
    for name, start in template.filters():
        if name not in FILTERS:
            what = t("フィルター {name} は使えません。", "The filter {name} can't be used.", name=name)
            fix = t("使えるもの: {names}", "Use one of: {names}", names=", ".join(sorted(FILTERS)))
            found.append(_flaw(source, start, start + len(name), what, fix))
    return sorted(found, key=lambda flaw: flaw.start)


def is_known(name: str, known: Collection[str] | None) -> bool:
    """Whether a field exists. Names with underscores at either side (`__class__`) never do."""
    if known is not None:
        return name in known
    return name in STANDARD_FIELDS or _CUSTOM.fullmatch(name) is not None


def names_in(source: str, *, html: bool = False) -> list[str]:
    """The fields that a flawless template names, each once, in order."""
    return list(dict.fromkeys(use.name for use in MergeTemplate(source, html=html).uses()))


def suggestion(name: str, known: Collection[str] | None) -> str | None:
    """The field probably meant: by its label in either language, else by edit distance."""
    last = name.rpartition(".")[2]
    for word in (name, last):
        if word in _BY_LABEL:
            return _BY_LABEL[word]
    names = sorted(known if known is not None else STANDARD_FIELDS)
    near = get_close_matches(name, names, n=1, cutoff=0.7) or get_close_matches(
        f"contact.{last}", names, n=1, cutoff=0.7
    )
    return near[0] if near else None


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1."""
    before = source[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def blanked(source: str, opening: str, closing: str) -> str:
    """The source with all between two marks, and the marks, made NUL: the length stays, so that offsets hold.

    Linear in the length, whatever stands in it; what is never closed stays as it is.
    """
    lowered = source.lower() if source.isascii() else source
    kept, position = [], 0
    while (start := lowered.find(opening, position)) >= 0 and (end := lowered.find(closing, start + len(opening))) >= 0:
        end += len(closing)
        kept += [source[position:start], "\0" * (end - start)]
        position = end
    return "".join(kept) + source[position:]


def percent(value: object) -> str:
    """A value inside a link's path or query: everything but letters, digits and `_.-~` is percent-encoded."""
    return quote(str(value), safe="") if value is not None else ""


def _near_misses(source: str) -> Iterator[Flaw]:
    masked = LIQUID.sub(lambda match: "\0" * len(match[0]), source)
    masked = blanked(blanked(masked, "<style", "</style>"), "<mj-style", "</mj-style>")
    seen: set[int] = set()
    for pattern, what in _NEAR_MISSES:
        for match in pattern.finditer(masked):
            if match.start() in seen:
                continue
            seen.update(range(match.start(), match.end()))
            line_end = source.find("\n", match.start())
            words = source[match.start() : line_end if line_end >= 0 else None][:40].strip("{}%[]*|▲｛｝_ ")
            meant = _BY_LABEL.get(re.split(r"[}%｝\]|▲]", words)[0].strip())
            fix = (
                t("{{{{ {name} }}}} と書いてください。", "Write {{{{ {name} }}}}.", name=meant)
                if meant
                else t(
                    "項目はメニューから {{{{ contact.… }}}} の形で入れてください。",
                    "Insert fields from the menu, as {{{{ contact.… }}}}.",
                    n="",
                )
            )
            yield _flaw(source, match.start(), match.end(), what, fix)


def _unknown(source: str, use: FieldUse, known: Collection[str] | None) -> Flaw:
    near = suggestion(use.name, known)
    what = t("差し込み項目 {name} はありません。", "There is no merge field {name}.", name=use.name)
    fix = (
        t("{{{{ {name} }}}} ではありませんか。", "Did you mean {{{{ {name} }}}}?", name=near)
        if near
        else t("メニューから選んでください。", "Choose one from the menu.")
    )
    return _flaw(source, use.start, use.start + len(use.name), what, fix)


def _syntax(source: str, error: LiquidError) -> Flaw:
    token = error.token
    start = token.start_index if isinstance(token, Token) else 0
    reason = str(error.args[0]) if error.args else str(error)
    what = t(
        "差し込みの書き方が正しくありません（{reason}）。",
        "This merge notation is not valid ({reason}).",
        reason=reason,
    )
    return _flaw(source, max(0, start), max(0, start) + 1, what, t("書き直してください。", "Correct it."))


def _flaw(source: str, start: int, end: int, what: Text | str, fix: Text | str) -> Flaw:
    line, column = place(source, start)
    return Flaw(what, fix, line, column, start, end)


class _Environment(Environment):
    # No limit on output: without loops it can't outgrow source and values, and python-liquid's limited stream
    # translates line ends.
    context_depth_limit = 20
    loop_iteration_limit = 1
    local_namespace_limit = 0


@lru_cache(maxsize=2)
def _environment(html: bool) -> Environment:
    environment = _Environment(undefined=FalsyStrictUndefined, autoescape=html)
    keep = TAGS | {"content", "output", "illegal"}
    environment.tags = {name: tag for name, tag in environment.tags.items() if name in keep}
    environment.filters = {name: do for name, do in environment.filters.items() if name in FILTERS}
    environment.filters["_percent"] = percent
    return environment

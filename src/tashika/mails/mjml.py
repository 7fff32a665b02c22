"""MJML to HTML by mrml, with what mrml lacks: unknown elements found, lines in errors, Liquid left alone. Pure.

Liquid is taken out before mrml reads the source (a `<` in a condition breaks its parser) and put back afterwards.
A Liquid tag that stands between sections or columns is carried through in an `mj-raw`.
"""

import re
from bisect import bisect
from dataclasses import dataclass

import mrml

from tashika.core.text import Text, t
from tashika.mails.merging import LIQUID, blanked, place

_STRUCTURE = frozenset(
    [
        "mj-body",
        "mj-wrapper",
        "mj-section",
        "mj-column",
        "mj-group",
        "mj-hero",
        "mj-accordion",
        "mj-accordion-element",
        "mj-carousel",
        "mj-navbar",
        "mj-social",
    ]
)
_CONTENT = frozenset(
    [
        "mj-text",
        "mj-button",
        "mj-image",
        "mj-divider",
        "mj-spacer",
        "mj-table",
        "mj-raw",
        "mj-accordion-title",
        "mj-accordion-text",
        "mj-carousel-image",
        "mj-navbar-link",
        "mj-social-element",
    ]
)
_HEAD = frozenset(
    [
        "mj-head",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-font",
        "mj-preview",
        "mj-style",
        "mj-title",
        "mj-html-attributes",
        "mj-selector",
        "mj-html-attribute",
    ]
)
_MJ = _STRUCTURE | _CONTENT | _HEAD | {"mjml"}
_HOLDS_HTML = frozenset(
    [
        "mj-text",
        "mj-button",
        "mj-table",
        "mj-raw",
        "mj-accordion-title",
        "mj-accordion-text",
        "mj-navbar-link",
        "mj-social-element",
        "mj-preview",
        "mj-title",
        "mj-style",
    ]
)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
# A tag, or a bare "<". Comments are blanked before. No part can run past the next "<": linear in the length.
_TAG = re.compile(r"<![^<>]*>|<\?[^<>]*>|<(/?)([A-Za-z][\w:-]*)((?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*?)(/?)>|<")
_DEEPEST = 60  # of nested elements; mrml and mail programs are recursive
_TOKEN = re.compile("liquidpiece(\\d+)end")
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")  # what mrml makes of U+3000 and the like in an attribute
_FONTS = "'Hiragino Sans','Hiragino Kaku Gothic ProN','Yu Gothic',Meiryo,sans-serif"


@dataclass(frozen=True, slots=True)
class MjmlFlaw:
    """What is wrong in an MJML source, with line and column from 1."""

    what: Text | str
    fix: Text | str
    line: int
    column: int


class UnableToRender(Exception):
    """The MJML can't become HTML; `flaws` say why and where."""

    def __init__(self, flaws: list[MjmlFlaw]) -> None:
        super().__init__("; ".join(str(flaw.what) for flaw in flaws))
        self.flaws = flaws


def render(source: str) -> str:
    """The HTML of an MJML source, Liquid kept as written. Raises UnableToRender."""
    found = flaws(source)
    if found:
        raise UnableToRender(found)
    pieces: list[str] = []
    masked = _mask(source, pieces)
    options = mrml.RenderOptions(disable_comments=True, fonts={})
    try:
        html = str(mrml.to_html(masked, mrml.ParserOptions(include_loader=mrml.noop_loader()), options).content)
    except Exception as error:  # mrml raises OSError for whatever it can't read, without a place
        what = t("MJML を読めません（{reason}）。", "This MJML can't be read ({reason}).", reason=str(error))
        raise UnableToRender(
            [MjmlFlaw(what, t("要素の入れ子を確かめてください。", "Check how the elements nest."), 1, 1)]
        ) from error
    lost = set(range(len(pieces))) - {int(match[1]) for match in _TOKEN.finditer(html)}
    if lost:
        raise UnableToRender([_lost(source, pieces[min(lost)])])
    html = html.replace("font-family:Ubuntu, Helvetica, Arial, sans-serif", f"font-family:{_FONTS}")
    if "\\u{" not in source:
        html = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), html)
    return _TOKEN.sub(lambda match: pieces[int(match[1])], html)


def flaws(source: str) -> list[MjmlFlaw]:
    """Elements unknown or wrongly nested, includes and broken tags. Empty when mrml can be asked."""
    masked = _without_comments(LIQUID.sub(lambda match: "x" * len(match[0]), source))
    found: list[MjmlFlaw] = []
    stack: list[tuple[str, int]] = []
    for match in _TAG.finditer(masked):
        found.extend(_check(source, match, stack))
        if len(stack) > _DEEPEST:
            what = t("入れ子が深すぎます。", "This nests too deep.")
            return [_at(source, match.start(), what, t("入れ子を減らしてください。", "Nest less."))]
        if len(found) >= 50:
            return found
    for name, start in stack:
        found.append(
            _at(
                source,
                start,
                t("<{name}> が閉じていません。", "<{name}> is not closed.", name=name),
                t("</{name}> を入れてください。", "Add </{name}>.", name=name),
            )
        )
    if not found and not re.match(r"[\s\0]*(?:<[?!][^<>]*>[\s\0]*)?<mjml[\s>]", masked):
        found.append(
            _at(
                source,
                0,
                t("<mjml> で始まっていません。", "It does not begin with <mjml>."),
                t("全体を <mjml> と </mjml> で囲んでください。", "Put everything between <mjml> and </mjml>."),
            )
        )
    return sorted(found, key=lambda flaw: (flaw.line, flaw.column))


def _check(source: str, match: re.Match[str], stack: list[tuple[str, int]]) -> list[MjmlFlaw]:
    """What is wrong with one tag; keeps the stack of open elements."""
    start = match.start()
    if match[0] == "<":
        what = t("「<」がそのまま書かれています。", "There is a bare “<”.")
        return [
            _at(
                source,
                start,
                what,
                t("文字としての「<」は &lt; と書いてください。", "Write &lt; for the character “<”."),
            )
        ]
    if match[2] is None:
        return []
    name = match[2].lower()
    if match[1]:
        return _close(source, name, start, stack)
    wrong = _misplaced(name, stack[-1][0] if stack else "", any(inside in _HOLDS_HTML for inside, _ in stack))
    if not match[4] and name not in _VOID and not _is_unknown(name):
        stack.append((name, start))
    return [_at(source, start, *wrong)] if wrong else []


def _misplaced(name: str, inside: str, holds_html: bool) -> tuple[Text, Text] | None:
    """What is wrong with an element directly inside another, and what to do."""
    if name == "mj-include":
        return t("mj-include は使えません。", "mj-include can't be used."), t(
            "内容をここに書いてください。", "Write its content here."
        )
    if _is_unknown(name):
        return t("<{name}> という要素はありません。", "There is no element <{name}>.", name=name), t(
            "つづりを確かめてください。", "Check the spelling."
        )
    if not name.startswith("mj") and not holds_html:
        return t("<{name}> はここに書けません。", "<{name}> can't stand here.", name=name), t(
            "HTML は <mj-text> か <mj-raw> の中に書いてください。", "Put HTML inside <mj-text> or <mj-raw>."
        )
    if name == "mj-column" and inside not in ("mj-section", "mj-group", "mjml", "mj-attributes"):
        return t("<mj-column> は <mj-section> の中に置きます。", "<mj-column> belongs in <mj-section>."), t(
            "<mj-section> で囲んでください。", "Put it in an <mj-section>."
        )
    if name in _CONTENT - {"mj-raw"} and inside in ("mj-body", "mj-section", "mj-wrapper", "mjml"):
        return t("<{name}> は <mj-column> の中に置きます。", "<{name}> belongs in <mj-column>.", name=name), t(
            "<mj-section><mj-column> で囲んでください。", "Put it in <mj-section><mj-column>."
        )
    return None


def _is_unknown(name: str) -> bool:
    return name.startswith("mj") and name not in _MJ


def _close(source: str, name: str, start: int, stack: list[tuple[str, int]]) -> list[MjmlFlaw]:
    if name in _VOID or _is_unknown(name):
        return []
    if stack and stack[-1][0] == name:
        stack.pop()
        return []
    if any(open_name == name for open_name, _ in stack):
        result = []
        while stack[-1][0] != name:
            unclosed, at = stack.pop()
            result.append(
                _at(
                    source,
                    at,
                    t("<{name}> が閉じていません。", "<{name}> is not closed.", name=unclosed),
                    t("</{name}> を入れてください。", "Add </{name}>.", name=unclosed),
                )
            )
        stack.pop()
        return result
    return [
        _at(
            source,
            start,
            t("</{name}> に対応する始まりがありません。", "</{name}> closes nothing.", name=name),
            t("取り除いてください。", "Remove it."),
        )
    ]


def _mask(source: str, pieces: list[str]) -> str:
    """The source with tokens for Liquid, and `<br>` and its kind closed, so that it is well-formed."""
    source = _TOKEN.sub("", source)
    spans = _structure_spans(_without_comments(LIQUID.sub(lambda match: "x" * len(match[0]), source)))

    def keep(match: re.Match[str]) -> str:
        pieces.append(match[0])
        token = f"liquidpiece{len(pieces) - 1}end"
        before = bisect(spans, (match.start(), len(source))) - 1
        between = before >= 0 and spans[before][0] <= match.start() < spans[before][1]
        return f"<mj-raw>{token}</mj-raw>" if between else token

    return LIQUID.sub(keep, source)


def _without_comments(masked: str) -> str:
    return blanked(blanked(masked, "<!--", "-->"), "<![CDATA[", "]]>")


def _structure_spans(masked: str) -> list[tuple[int, int]]:
    """Where text between tags stands directly inside a structural element."""
    spans: list[tuple[int, int]] = []
    stack: list[str] = []
    position = 0
    for match in _TAG.finditer(masked):
        if stack and stack[-1] in _STRUCTURE and match.start() > position:
            spans.append((position, match.start()))
        position = match.end()
        if match[2] is None:
            continue
        name = match[2].lower()
        if match[1]:
            if stack and stack[-1] == name:
                stack.pop()
        elif not match[4] and name not in _VOID:
            stack.append(name)
    return spans


def _lost(source: str, piece: str) -> MjmlFlaw:
    start = max(0, source.find(piece))
    return _at(
        source,
        start,
        t("差し込み {piece} はこの場所では出力されません。", "{piece} is not shown at this place.", piece=piece),
        t("<mj-text> の中などに移してください。", "Move it into an <mj-text>."),
    )


def _at(source: str, start: int, what: Text, fix: Text) -> MjmlFlaw:
    return MjmlFlaw(what, fix, *place(source, start))

"""The text part, made from the HTML: paragraphs, headings, lists, tables, links as "label URL". Pure.

Liquid passes through untouched, so that the text merges as the HTML does.
"""

import re
from html.parser import HTMLParser

from tashika.mails.merging import LIQUID, blanked

_SKIPPED = frozenset({"head", "style", "script", "title", "template", "noscript"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})
_HEADINGS = {"h1": "■ ", "h2": "■ ", "h3": "● "}
# A tag as HTML has it, running past no "<", or a "<" that begins none: Python's parser is quadratic over broken ones.
_TAG = re.compile(r"</?[A-Za-z](?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*>|<![^<>]*>|<")
_TOKEN = re.compile("\ue000(\\d+)\ue001")
RULE = "-" * 40


def text_from_html(html: str) -> str:
    """The text that a reader without HTML gets. Lines end with LF; never more than one blank line together."""
    pieces: list[str] = []

    def keep(match: re.Match[str]) -> str:
        pieces.append(match[0])
        return f"\ue000{len(pieces) - 1}\ue001"

    reader = _Reader()
    masked = LIQUID.sub(keep, html.replace("\ue000", "").replace("\ue001", ""))
    masked = blanked(masked, "<!--", "-->").replace("\0", "").replace("<!--", "&lt;!--")
    reader.feed(_TAG.sub(lambda match: "&lt;" if match[0] == "<" else match[0], masked))
    reader.close()
    text = _TOKEN.sub(lambda match: pieces[int(match[1])], reader.text())
    return text.strip("\n") + "\n" if text.strip() else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.skipping = 0
        self.hidden: list[str] = []  # elements open since one that is not displayed
        self.links: list[tuple[str, int]] = []
        self.lists: list[int] = []  # 0 for a bullet list, else the next number
        self.preformatted = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if self.hidden:
            if tag not in _VOID:
                self.hidden.append(tag)
            return
        if tag in _SKIPPED:
            self.skipping += 1
        if self.skipping:
            return
        if tag not in _VOID and re.search(r"display\s*:\s*none", given.get("style", "")):
            self.hidden.append(tag)
            return
        if tag in _BLOCKS:
            self._block(tag)
        if tag in _HEADINGS:
            self.out.append(_HEADINGS[tag])
        elif tag == "br":
            self.out.append("\n")
        elif tag == "hr":
            self.out.append(f"\n{RULE}\n")
        elif tag == "img" and given.get("alt", "").strip():
            self.out.append(given["alt"].strip())
        elif tag in ("ul", "ol"):
            self.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self._item()
        elif tag in ("td", "th") and self.out and not _ends_line(self.out):
            self.out.append(" ")
        elif tag == "pre":
            self.preformatted += 1
        elif tag == "a":
            self.links.append((given.get("href", "").strip(), len(self.out)))

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            if tag in self.hidden:
                while self.hidden.pop() != tag:
                    pass
            return
        if tag in _SKIPPED and self.skipping:
            self.skipping -= 1
            return
        if self.skipping:
            return
        if tag == "a" and self.links:
            self._end_link(*self.links.pop())
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "pre" and self.preformatted:
            self.preformatted -= 1
        if tag in _BLOCKS or tag == "li":
            self._block(tag)

    def handle_data(self, data: str) -> None:
        if self.skipping or self.hidden:
            return
        if self.preformatted:
            self.out.append(data)
            return
        words = re.sub(r"[ \t\r\n\f\u00a0\u200b\u200c\ufeff]+", " ", data)
        if _ends_line(self.out):
            words = words.lstrip(" ")
        if words:
            self.out.append(words)

    def text(self) -> str:
        lines = [re.sub(r" {2,}", " ", line).rstrip() for line in "".join(self.out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))

    def _block(self, tag: str) -> None:
        if self.out and not _ends_line(self.out):
            self.out.append("\n")
        if tag in _SPACED and self.out and not (self.lists and tag in ("ul", "ol")):
            self.out.append("\n")

    def _item(self) -> None:
        if self.out and not _ends_line(self.out):
            self.out.append("\n")
        if self.lists and self.lists[-1]:
            self.out.append(f"{self.lists[-1]}. ")
            self.lists[-1] += 1
        else:
            self.out.append("・")

    def _end_link(self, target: str, start: int) -> None:
        label = "".join(self.out[start:]).strip()
        if not target or target.startswith("#"):
            return
        shown = target.removeprefix("mailto:").removeprefix("tel:")
        if label == shown:
            return
        self.out.append(f" {shown} " if label else f"{shown} ")


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


def _ends_line(out: list[str]) -> bool:
    return not out or out[-1].endswith("\n")

"""What the engine does to the HTML and the text before they are compiled: preheader, footer, links, pixel. Pure.

Links are looked at with Liquid taken out, so that quotes and brackets inside it don't matter.
"""

import html as html_entities
import re
from dataclasses import dataclass, field

from tashika.mails.merging import ENGINE, LIQUID

OPT_OUT = re.compile(r"\{\{\s*opt_out_url\s*\}\}")
HREF = re.compile(
    r"(<(?:a|area|mj-button|mj-image|mj-navbar-link|mj-social-element|mj-carousel-image)\b"
    r"[^<>]*?\shref\s*=\s*)"
    r"(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))",
    re.I,
)
# A URL in plain text; full-width punctuation and brackets end it, Liquid may stand in it.
TEXT_URL = re.compile(r"https?://(?:\{\{[^{}\n]*\}\}|[!#-;=?-\[\]_a-z~%])+")
TRACKABLE = re.compile(r"https?://[^\s/?#{}<>\"'@\\:]+(?::\d+)?(?:[/?#].*)?", re.S)
UNTOUCHED = re.compile(r"(?:mailto|tel|sms):[^\s]+|#[^\s]*", re.I)
_TOKEN = re.compile("\ue000(\\d+)\ue001")


@dataclass(slots=True)
class Links:
    """The tracked links of a mail, each template once."""

    templates: list[str] = field(default_factory=list)

    def index(self, template: str) -> int:
        """The number of a link, the same for the same template in either part."""
        if template not in self.templates:
            self.templates.append(template)
        return self.templates.index(template)


def whole_document(html: str) -> str:
    """The HTML as a document: a fragment gets its frame."""
    if re.search(r"<body\b", html, re.I):
        return html
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"></head><body>' + html + "</body></html>"
    )


def with_preheader(html: str, preheader: str) -> str:
    """The preheader as text that is not shown in the mail but in the list of mails."""
    if not preheader.strip():
        return html
    hidden = (
        '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;'
        'mso-hide:all">' + escape_outside_liquid(preheader.strip()) + "</div>"
    )
    return re.sub(r"<body\b[^>]*>", lambda match: match[0] + hidden, html, count=1, flags=re.I)


def before_end_of_body(html: str, addition: str) -> str:
    """The HTML with something added as the last of its body."""
    position = html.lower().rfind("</body>")
    return html + addition if position < 0 else html[:position] + addition + html[position:]


def escape_outside_liquid(text: str) -> str:
    """HTML of a plain text with Liquid in it."""
    result, position = [], 0
    for match in LIQUID.finditer(text):
        result += [html_entities.escape(text[position : match.start()]), match[0]]
        position = match.end()
    return "".join(result) + html_entities.escape(text[position:])


def rewrite_html_links(html: str, links: Links, *, track: bool) -> str:
    """Links led past our counter (`track`), and values inside links percent-encoded either way."""
    pieces: list[str] = []
    masked = _mask(html, pieces)

    def rewrite(match: re.Match[str]) -> str:
        written = next(group for group in match.groups()[1:] if group is not None)
        template = _unmask(html_entities.unescape(written), pieces).strip()
        if OPT_OUT.search(template) or not TRACKABLE.fullmatch(template):
            return match[0]
        if track:
            return f'{match[1]}"{{{{ {ENGINE}.click_{links.index(template)} }}}}"'
        return f'{match[1]}"{_percent_values(_unmask(written, pieces))}"'

    return _unmask(HREF.sub(rewrite, masked), pieces)


def rewrite_text_links(text: str, links: Links, *, track: bool) -> str:
    """The same for the URLs of the text part."""

    def rewrite(match: re.Match[str]) -> str:
        template = re.sub(r"[.,:;!?')\]]+$", "", match[0])
        rest = match[0][len(template) :]
        if not TRACKABLE.fullmatch(template):
            return match[0]
        if track:
            return f"{{{{ {ENGINE}.click_{links.index(template)} }}}}{rest}"
        return _percent_values(template) + rest

    return TEXT_URL.sub(rewrite, text)


def link_template(template: str) -> str:
    """The Liquid source of a link's target: every value in it percent-encoded."""
    return _percent_values(template)


def hrefs(source: str) -> list[tuple[str, int]]:
    """Every link of an HTML or MJML source as written, with its offset."""
    pieces: list[str] = []
    masked = _mask(source, pieces)
    found = []
    for match in HREF.finditer(masked):
        number = next(i for i in (2, 3, 4) if match[i] is not None)
        written = html_entities.unescape(match[number])
        found.append((_unmask(written, pieces).strip(), _original(match.start(number), masked, pieces)))
    return found


def _percent_values(template: str) -> str:
    return LIQUID.sub(
        lambda match: match[0][:-2].rstrip() + " | _percent }}" if match[0].startswith("{{") else match[0], template
    )


def _mask(text: str, pieces: list[str]) -> str:
    def keep(match: re.Match[str]) -> str:
        pieces.append(match[0])
        return f"\ue000{len(pieces) - 1}\ue001"

    return LIQUID.sub(keep, text.replace("\ue000", "").replace("\ue001", ""))


def _unmask(text: str, pieces: list[str]) -> str:
    return _TOKEN.sub(lambda match: pieces[int(match[1])], text)


def _original(offset: int, masked: str, pieces: list[str]) -> int:
    """Where an offset of the masked text lies in the original."""
    return len(_unmask(masked[:offset], pieces))

"""What a mail's body becomes before anybody's values are filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tashika.mails import html_part, mjml
from tashika.mails.filling import OPEN_PIXEL
from tashika.mails.footer import html_footer, text_footer
from tashika.mails.text_part import text_from_html


@dataclass(frozen=True, slots=True)
class Sources:
    text: str
    html: str
    links: tuple[str, ...]


def sources_of(body: Mapping[str, Any], organisation: Mapping[str, str]) -> Sources:
    """The Liquid sources of both parts with all that the engine adds: preheader, footer, links, pixel."""
    commercial = body.get("category", "commercial") == "commercial"
    track = bool(body.get("track_clicks"))
    links = html_part.Links()
    html = html_source(body)
    text = text_source(body, html)
    if commercial and not html_part.OPT_OUT.search(text):
        text = text.rstrip("\n") + "\n\n" + text_footer(organisation)
    if html:
        html = html_part.with_preheader(html_part.whole_document(html), str(body.get("preheader") or ""))
        if commercial and not html_part.OPT_OUT.search(html):
            html = html_part.before_end_of_body(html, html_footer(organisation))
        html = html_part.rewrite_html_links(html, links, track=track)
        if body.get("track_opens"):
            html = html_part.before_end_of_body(html, f"{{{{ {OPEN_PIXEL} }}}}")
    text = html_part.rewrite_text_links(text, links, track=track)
    return Sources(text, html, tuple(links.templates))


def html_source(body: Mapping[str, Any]) -> str:
    """The HTML as the author wrote it, or as the MJML gives it; empty for a text mail. Raises mjml.UnableToRender."""
    if body.get("format", "mjml") == "mjml":
        return mjml.render(str(body.get("mjml") or ""))
    return str(body.get("html") or "") if body.get("format") == "html" else ""


def text_source(body: Mapping[str, Any], html: str) -> str:
    """The text part: the author's own, or made from the HTML."""
    if html and body.get("text_auto", True):
        return text_from_html(html)
    return str(body.get("text") or "")

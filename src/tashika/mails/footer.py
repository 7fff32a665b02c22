"""The footer that a commercial mail gets when its author wrote no opt-out link: sender, address, contact, opt-out
(特定電子メール法 4条, 施行規則 7条–9条). Pure."""

import html
from collections.abc import Mapping

_HTML = (
    '<div style="margin:24px auto 0;padding:16px;max-width:600px;border-top:1px solid #d5d8dc;'
    "font-family:'Hiragino Sans','Hiragino Kaku Gothic ProN','Yu Gothic',Meiryo,sans-serif;font-size:12px;"
    'line-height:1.7;color:#4a5560;background:#ffffff">{lines}'
    '<a href="{{{{ opt_out_url }}}}" style="color:#1a5fb4">配信停止はこちら</a></div>'
)


def html_footer(organisation: Mapping[str, str]) -> str:
    """The footer as Liquid HTML."""
    return _HTML.format(lines="".join(f"{html.escape(_plain(line))}<br>" for line in _lines(organisation)))


def text_footer(organisation: Mapping[str, str]) -> str:
    """The footer as Liquid text."""
    lines = ["-" * 40, *(_plain(line) for line in _lines(organisation)), "配信停止はこちら:", "{{ opt_out_url }}"]
    return "\n".join(lines) + "\n"


def _lines(organisation: Mapping[str, str]) -> list[str]:
    name, address, contact = (str(organisation.get(key) or "").strip() for key in ("name", "postal_address", "contact"))
    return [line for line in (name, address, f"お問い合わせ: {contact}" if contact else "") if line]


def _plain(line: str) -> str:
    """Text that Liquid can't take for its own: what the organisation typed is no template."""
    return line.replace("{{", "{ {").replace("{%", "{ %")

"""What a new mail can start from: our own designs, in `designs/`."""

from dataclasses import dataclass
from importlib import resources
from typing import Any

from tashika.core.text import Text, t


@dataclass(frozen=True, slots=True)
class Design:
    """A starting point: a subject and a body to write over."""

    key: str
    name: Text
    description: Text
    format: str
    subject: str
    preheader: str

    def source(self) -> str:
        """Its MJML or text."""
        suffix = "txt" if self.format == "text" else "mjml"
        return (resources.files("tashika.mails") / "designs" / f"{self.key}.{suffix}").read_text(encoding="utf-8")

    def body(self) -> dict[str, Any]:
        """The draft that a new mail begins with."""
        return {
            **EMPTY,
            "format": self.format,
            "subject": self.subject,
            "preheader": self.preheader,
            "text" if self.format == "text" else "mjml": self.source(),
        }


EMPTY: dict[str, Any] = {
    "subject": "",
    "preheader": "",
    "from_name": "",
    "from_email": "",
    "reply_to": "",
    "format": "mjml",
    "mjml": "",
    "html": "",
    "text": "",
    "text_auto": True,
    "category": "commercial",
    "track_opens": True,
    "track_clicks": True,
}

DESIGNS: tuple[Design, ...] = (
    Design(
        "newsletter",
        t("メールマガジン", "Newsletter"),
        t("見出し・記事・二列の小記事", "A heading, an article, two small columns"),
        "mjml",
        "{{ organisation.name }} ニュース（今月号）",
        "今月のお知らせをお届けします",
    ),
    Design(
        "seminar",
        t("セミナーのご案内", "Seminar invitation"),
        t("日時・会場の表と申し込みボタン", "A table of time and place, a button"),
        "mjml",
        "【ご案内】セミナーの題名をここに",
        "無料・オンラインで開催します",
    ),
    Design(
        "letter",
        t("手紙", "Letter"),
        t("飾りのない、担当者からの一通", "Plain, as from a colleague"),
        "mjml",
        '{{ contact.family_name | default: "ご担当者" }}様へのお知らせ',
        "",
    ),
    Design(
        "plain",
        t("テキストだけ", "Text only"),
        t("HTMLを使わないメール", "A mail without HTML"),
        "text",
        "お知らせの件名をここに",
        "",
    ),
)


def design(key: str) -> Design | None:
    """The design of a key."""
    return next((found for found in DESIGNS if found.key == key), None)

"""What stands in a mail, in words: for its versions and their differences."""

from collections.abc import Mapping
from typing import Any

from tashika.contents.outlines import Part
from tashika.core.text import Text, t
from tashika.mails.checking import PARTS
from tashika.mails.starting_designs import EMPTY

_FORMATS: dict[str, Text] = {
    "mjml": t("MJML", "MJML"),
    "html": t("HTML", "HTML"),
    "text": t("テキストだけ", "Text only"),
}
_CATEGORIES: dict[str, Text] = {
    "commercial": t("広告宣伝", "Commercial"),
    "operational": t("事務連絡", "Operational"),
}
_YES, _NO = t("はい", "Yes"), t("いいえ", "No")
_SWITCHES: dict[str, Text] = {
    "track_opens": t("開封を数える", "Count opens"),
    "track_clicks": t("クリックを数える", "Count clicks"),
}


def outline(body: Mapping[str, Any]) -> list[Part]:
    """The parts of a mail; of the sources only those that are sent."""
    full = {**EMPTY, **body}
    made = full["format"] != "text" and full["text_auto"]
    return [
        *(Part(key, str(PARTS[key]), str(full[key])) for key in ("subject", "preheader")),
        *(Part(key, str(PARTS[key]), str(full[key])) for key in ("from_name", "from_email", "reply_to")),
        Part("category", str(PARTS["category"]), str(_CATEGORIES.get(full["category"], full["category"]))),
        Part("format", str(t("本文の形式", "Format")), str(_FORMATS.get(full["format"], full["format"]))),
        *(Part(key, str(words), str(_YES if full[key] else _NO)) for key, words in _SWITCHES.items()),
        *(Part(key, str(PARTS[key]), str(full[key]), source=True) for key in ("mjml", "html") if full["format"] == key),
        Part(
            "text",
            str(PARTS["text"]),
            str(t("本文から自動で作る", "Made from the body")) if made else str(full["text"]),
            source=not made,
        ),
    ]

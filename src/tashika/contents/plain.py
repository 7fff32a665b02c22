"""Landing pages, forms and documents so far: a title and a note, so that scenarios can name them."""

from collections.abc import Mapping
from typing import Any

from tashika.contents.outlines import Part
from tashika.core.errors import TashikaError
from tashika.core.text import t

EMPTY: dict[str, str] = {"title": "", "note": ""}
LONGEST = {"title": 200, "note": 10_000}  # characters
_LABELS = {"title": t("題名", "Title"), "note": t("メモ", "Note")}


class UnableToSave(TashikaError):
    """What came is no draft of this kind; `where` is the entry."""

    code = "unable_to_save"
    status = 422


def accepted(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The draft with nothing missing. Raises UnableToSave naming the entry that is none, or too long."""
    for key, value in draft.items():
        if key not in EMPTY or not isinstance(value, str) or len(value) > LONGEST[key]:
            raise UnableToSave(
                t("{key} を保存できません。", "{key} can't be saved.", key=_LABELS.get(key, key)),
                fix=t(
                    "題名は200文字、メモは10,000文字までです。", "A title has 200 characters at most, a note 10,000."
                ),
                where=key,
            )
    return {**EMPTY, **{key: value.replace("\r\n", "\n") for key, value in draft.items()}}


def outline(draft: Mapping[str, Any]) -> list[Part]:
    """Title and note."""
    return [Part(key, str(label), str(draft.get(key) or "")) for key, label in _LABELS.items()]

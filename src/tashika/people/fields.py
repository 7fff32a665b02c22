"""Custom fields: which there are, and what a value of each type may be."""

from datetime import date
from typing import Any

from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.people.models import CustomField

Type = CustomField.Type

TYPE_NAMES: dict[str, Text] = {
    Type.TEXT: t("文字", "Text"),
    Type.NUMBER: t("数値", "Number"),
    Type.DATE: t("日付", "Date"),
    Type.CHOICE: t("選択", "Choice"),
    Type.MULTI_CHOICE: t("複数選択", "Multiple choice"),
    Type.YES_NO: t("はい・いいえ", "Yes/no"),
}
_YES = {"1", "true", "yes", "y", "はい", "有", "あり", "○", "可"}
_NO = {"0", "false", "no", "n", "いいえ", "無", "なし", "×", "否"}


class UnableToUseValue(TashikaError):
    """A value does not fit the type of its field."""

    code = "unable_to_use_value"
    status = 422


def active() -> list[CustomField]:
    """The fields in use, in their order."""
    return list(CustomField.objects.filter(archived_at=None).order_by("position", "id"))


def every() -> list[CustomField]:
    """All fields, those in use first; what already asks for an archived one goes on reading it."""
    return sorted(CustomField.objects.order_by("position", "id"), key=lambda field: field.archived_at is not None)


def cleaned(values: dict[str, Any]) -> dict[str, Any]:
    """Values of custom fields in the form in which they are kept. Empty ones are left out. Raises UnableToUseValue."""
    known = {field.key: field for field in active()}
    result: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise UnableToUseValue(
                t("項目 {key} はありません。", "There is no field {key}.", key=key), where=f"custom.{key}"
            )
        try:
            kept = parse(known[key].type, known[key].choices, value)
        except ValueError as error:
            raise UnableToUseValue(
                t(
                    "「{label}」の値が型に合いません。",
                    "The value of “{label}” does not fit its type.",
                    label=known[key].label,
                ),
                where=f"custom.{key}",
            ) from error
        if kept is not None:
            result[key] = kept
    return result


def parse(type: str, choices: list[str], value: Any) -> Any:
    """A value as its type keeps it: a number, an ISO date, a list of choices. None for empty. Raises ValueError."""
    texts = [str(one).strip() for one in value] if isinstance(value, list) else [str(value).strip()]
    text = texts[0] if texts else ""
    if not any(texts):
        return None
    if type == Type.NUMBER:
        number = float(text.replace(",", ""))
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(text)
        return int(number) if number.is_integer() else number
    if type == Type.DATE:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-")).isoformat()
    if type == Type.YES_NO:
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        raise ValueError(text)
    if type == Type.CHOICE and text not in choices:
        raise ValueError(text)
    if type == Type.MULTI_CHOICE:
        parts = (
            texts if len(texts) > 1 else [part.strip() for part in text.replace("、", ";").split(";") if part.strip()]
        )
        if set(parts) - set(choices):
            raise ValueError(text)
        return parts
    return text

"""Custom fields and their types."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
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


def create(*, key: str, label: str, type: str, choices: list[str], by: Actor, now: datetime) -> CustomField:
    """Add a custom field. Raises UnableToUseValue for a bad key or a choice field without choices."""
    if not key.isascii() or not key.replace("_", "").isalnum() or not key[:1].isalpha() or len(key) > 40:
        raise UnableToUseValue(
            t("キーは英字で始まる半角英数字と _ で入力してください。", "The key takes letters, digits and _."),
            where="key",
        )
    if type in (Type.CHOICE, Type.MULTI_CHOICE) and not choices:
        raise UnableToUseValue(t("選択肢を入力してください。", "Give the choices."), where="choices")
    if CustomField.objects.filter(key=key).exists():
        raise UnableToUseValue(t("このキーはすでに使われています。", "This key is already used."), where="key")
    with transaction.atomic():
        field = CustomField.objects.create(
            key=key, label=label.strip() or key, type=Type(type), choices=choices, position=CustomField.objects.count()
        )
        audit.record(actor=by, verb="create_field", subject=f"field:{key}", now=now, detail={"type": type})
    return field


def active() -> list[CustomField]:
    """The fields in use, in their order."""
    return list(CustomField.objects.filter(archived_at=None).order_by("position", "id"))


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

"""What callers send and PostgreSQL can't keep: NUL, half a surrogate pair, JSON without end. Each would be an error 500."""

from typing import Any

from tashika.core.errors import TashikaError
from tashika.core.text import t

DEEPEST = 40  # levels of JSON: a rule tree has a dozen at most


class UnableToStore(TashikaError):
    """What was sent can't be kept; `where` is its place."""

    code = "unreadable"
    status = 422


def check(value: Any, where: str = "", depth: int = 0) -> None:
    """Raises UnableToStore with the place of the first text that can't be kept, in a value as JSON has it."""
    if depth > DEEPEST:
        raise UnableToStore(t("入れ子が深すぎます。", "This is nested too deeply."), where=where)
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
            raise UnableToStore(
                t("保存できない文字（NULなど）があります。", "There is a character that can't be stored, such as NUL."),
                where=where.encode(errors="replace").decode().replace("\0", "?"),
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            check(key, where or "body", depth + 1)
            check(inner, f"{where}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check(inner, f"{where}.{index}".lstrip("."), depth + 1)

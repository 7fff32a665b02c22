"""Reading what a caller sends: JSON that PostgreSQL can keep, or a clear refusal."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from tashika.core.errors import TashikaError
from tashika.core.text import t

DEEPEST = 40  # levels of JSON: a rule tree has a dozen at most


class UnableToRead(TashikaError):
    """What was sent can't be kept; `where` is its place in the JSON."""

    code = "unreadable"
    status = 422


class StrictParser(Parser):
    """Refuses what JSON allows and PostgreSQL does not: NUL, half a surrogate pair, NaN. Each would be an error 500."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            found = json.loads(request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise UnableToRead(t("JSONとして読めません。", "This is not JSON.")) from error
        _check(found, "", 0)
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for key, values in data.lists():
            for value in (key, *values):
                _check(value, key, 0)
        return super().parse_querydict(data, list_fields, request)


def _check(value: Any, where: str, depth: int) -> None:
    if depth > DEEPEST:
        raise UnableToRead(t("入れ子が深すぎます。", "This is nested too deeply."), where=where)
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
            raise UnableToRead(
                t("保存できない文字（NULなど）があります。", "There is a character that can't be stored, such as NUL."),
                where=where.encode(errors="replace").decode().replace("\0", "?"),
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key, where or "body", depth + 1)
            _check(inner, f"{where}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, f"{where}.{index}".lstrip("."), depth + 1)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

"""Reading what a caller sends: JSON that PostgreSQL can keep, or a clear refusal."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from tashika.core import storable
from tashika.core.storable import UnableToStore
from tashika.core.text import t


class StrictParser(Parser):
    """Refuses what JSON allows and PostgreSQL does not, NaN included."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            found = json.loads(request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise UnableToStore(t("JSONとして読めません。", "This is not JSON.")) from error
        storable.check(found)
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for key, values in data.lists():
            for value in (key, *values):
                storable.check(value, key)
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

"""Reading what forms, scripts and addresses send: nothing of it may break a page."""

import json
from typing import Any

from django.http import HttpRequest, RawPostDataException
from django.utils.http import url_has_allowed_host_and_scheme

from tashika.core import storable
from tashika.core.storable import UnableToStore
from tashika.core.text import t

_LARGEST = 2**63 - 1  # what a bigint holds


def number(words: str | None) -> int | None:
    """A number without a sign that the database can hold; None for anything else."""
    if not words or not words.isascii() or not words.isdigit():
        return None
    return found if (found := int(words[:20])) <= _LARGEST else None


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a script sent. Raises UnableToStore."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):
        found = None
    if not isinstance(found, dict):
        raise UnableToStore(t("送られた内容を読めません。", "What was sent can't be read."))
    storable.check(found)
    return found


def ours(request: HttpRequest, address: str | None) -> str:
    """An address to lead a person on to, if it is one of ours; else the first screen."""
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}) and address else "/"

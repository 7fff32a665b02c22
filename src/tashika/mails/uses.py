"""Which mails show a custom field: in the draft, or in the newest version, which may be on its way."""

import json
import re

from tashika.contents.models import Content, Kind
from tashika.contents.queries import of_kind


def of_field(key: str) -> list[Content]:
    """The mails with a merge field of a custom field's key."""
    pattern = re.compile(rf"contact\.custom\.{re.escape(key)}(?![A-Za-z0-9_])")
    mails = of_kind(Kind.MAIL).prefetch_related("versions")
    return [one for one in mails if any(pattern.search(text) for text in _texts(one))]


def _texts(content: Content) -> list[str]:
    newest = max(content.versions.all(), key=lambda version: version.number, default=None)
    bodies = [content.draft] if newest is None else [content.draft, newest.body]
    return [json.dumps(body, ensure_ascii=False) for body in bodies]

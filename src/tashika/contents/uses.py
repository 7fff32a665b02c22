"""Where a content is used: which contents name it, in their drafts and in their versions.

Rooms below add what they know: segments that ask for a mail (`audiences.uses`), publications (`scenarios.uses`).
"""

from dataclasses import dataclass

from django.db import connection

from tashika.contents.models import Content
from tashika.core import sql


@dataclass(frozen=True, slots=True)
class Naming:
    """A content that names another: in its draft, and in these versions of it."""

    content: Content
    in_draft: bool
    versions: tuple[int, ...]


def of(content: Content) -> list[Naming]:
    """The contents that name this one, by kind and number; archived ones too, as their versions may be running."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("contents", "names"), {"quoted": f'"{content.public_id}"', "content": content.pk})
        rows = cursor.fetchall()
    contents = Content.objects.in_bulk([row[0] for row in rows])
    found = [Naming(contents[key], in_draft, tuple(numbers)) for key, in_draft, numbers in rows]
    return sorted(found, key=lambda one: (one.content.kind, one.content.number))

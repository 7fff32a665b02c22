"""Pages: `after` and `limit` in, `items` and `next` out."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query

T = TypeVar("T", bound=Model)
Limit = Annotated[int, Query(ge=1, le=1000, description="at most this many")]
After = Annotated[int, Query(ge=0, description="the `next` of the page before")]


def page(found: QuerySet[T], *, key: str, after: int, limit: int, newest_first: bool = False) -> dict[str, Any]:
    """A page of rows by a unique number, rising, or falling for what people read the newest first."""
    if after:
        found = found.filter(**{f"{key}__{'lt' if newest_first else 'gt'}": after})
    rows = list(found.order_by(f"-{key}" if newest_first else key)[: limit + 1])
    return cut(rows, key=key, limit=limit)


def cut(rows: Sequence[Any], *, key: str, limit: int) -> dict[str, Any]:
    """Rows of which one more than `limit` was read, as a page."""
    return {"items": list(rows[:limit]), "next": getattr(rows[limit - 1], key) if len(rows) > limit else None}

"""The suppression list: addresses never to write to."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import actor_of, require
from tashika.api.paging import After, Limit, page
from tashika.core import clock
from tashika.people import queries, suppression
from tashika.people.models import Suppression

router = Router(tags=["suppressions"])


class AddressesIn(Schema):
    """Addresses never to write to."""

    addresses: list[str] = Field(max_length=100_000)
    detail: str = Field("", max_length=500)


class SuppressionOut(Schema):
    """An entry. The address itself is not kept: `masked` is what people may read."""

    id: int
    masked: str
    reason: str
    detail: str
    since: datetime


class SuppressionPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[SuppressionOut]
    next: int | None


@router.get("/suppressions", response=SuppressionPage)
def list_suppressions(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The list, the newest first."""
    require(request, "see")
    return page(queries.suppressions(), key="pk", after=after, limit=limit, newest_first=True)


@router.post("/suppressions", response=dict[str, int])
def suppress(request: HttpRequest, values: AddressesIn) -> dict[str, int]:
    """Put addresses on the list; how many were new."""
    require(request, "edit")
    added = suppression.add(
        addresses=values.addresses, reason="manual", detail=values.detail, by=actor_of(request), now=clock.now()
    )
    return {"added": added}


@router.get("/suppressions/lookup", response=dict[str, bool])
def look_up(request: HttpRequest, address: str) -> dict[str, bool]:
    """Whether an address is on the list."""
    require(request, "see")
    return {"suppressed": suppression.is_suppressed(address)}


@router.delete("/suppressions/{suppression_id}", response={204: None})
def lift(request: HttpRequest, suppression_id: int, why: str) -> Status[None]:
    """Take an address off, with the reason. A person's own opt-out can't be lifted."""
    require(request, "edit")
    found = get_object_or_404(Suppression, pk=suppression_id)
    suppression.lift(suppression=found, why=why, by=actor_of(request), now=clock.now())
    return Status(204, None)

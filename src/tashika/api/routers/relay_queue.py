"""The relay's queue after a stop: what is held there, and what is to be done with it."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.api.paging import After, Limit, cut
from tashika.core import clock
from tashika.delivery.models import Dispatch
from tashika.delivery.relay_queue import queries, wishing

router = Router(tags=["dispatches"])


class HeldOut(Schema):
    """A mail that a stop has held. `wish` is what a person has decided and what is not done yet."""

    row_id: int
    contact_id: int
    address: str
    queue_id: str
    held_at: datetime
    state: Literal["held", "released", "deleted", "gone"]
    wish: Literal["", "release", "delete"]
    reason: str


class HeldPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[HeldOut]
    next: int | None


class DecisionIn(Schema):
    """What is to be done with held mails: some (`rows`), or all."""

    act: Literal["release", "delete"]
    reason: str = Field(max_length=300)
    rows: list[int] | None = Field(None, max_length=10_000)


class DecisionOut(Schema):
    """How many, and how many stay on hold because the person may not get mail any more."""

    mails: int
    kept_back: int


@router.get("/dispatches/{dispatch_id}/held", response=HeldPage)
def held(request: HttpRequest, dispatch_id: int, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """Whose mail was held in the relay's queue, in the ledger's order."""
    require(request, "export")
    get_object_or_404(Dispatch, pk=dispatch_id)
    rows = queries.held(dispatch_id, after_id=after, limit=limit + 1)
    return cut(rows, key="row_id", limit=limit)


@router.post("/dispatches/{dispatch_id}/held", response=DecisionOut)
def decide(request: HttpRequest, dispatch_id: int, values: DecisionIn) -> wishing.Wished:
    """Release held mails, or delete them out of the relay's queue for good. It is done within seconds."""
    require(request, "release")
    get_object_or_404(Dispatch, pk=dispatch_id)
    decided = wishing.release if values.act == "release" else wishing.delete
    return decided(
        dispatch_id=dispatch_id, rows=values.rows, reason=values.reason, by=person_of(request), now=clock.now()
    )

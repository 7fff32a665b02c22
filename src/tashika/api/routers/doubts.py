"""People in doubt: a person's word for what became of them."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.core import clock
from tashika.delivery import settling
from tashika.delivery.models import Dispatch

router = Router(tags=["dispatches"])
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class SettleIn(Schema):
    """What became of them, and how you know. `rows` as the list of recipients has them; null: everybody in doubt."""

    verdict: Literal["arrived", "not_arrived"]
    reason: str = Field(max_length=settling.REASON)
    rows: list[RowId] | None = Field(None, max_length=10_000)


class SettledOut(Schema):
    """How many were settled, and how many of the dispatch are still in doubt."""

    settled: int
    in_doubt: int


@router.post("/dispatches/{dispatch_id}/settle", response=SettledOut)
def settle(request: HttpRequest, dispatch_id: int, values: SettleIn) -> dict[str, int]:
    """Say what became of people in doubt. It can't be undone, and they are never sent to again."""
    require(request, "release")
    get_object_or_404(Dispatch, pk=dispatch_id)
    settled = settling.by_hand(
        dispatch_id=dispatch_id,
        rows=values.rows,
        arrived=values.verdict == "arrived",
        reason=values.reason,
        by=person_of(request),
        now=clock.now(),
    )
    return {"settled": settled, "in_doubt": settling.in_doubt(dispatch_id).count()}

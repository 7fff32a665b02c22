"""Dispatches: figures and lists; the emergency stop."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import actor_of, person_of, require
from tashika.api.paging import After, Limit, cut, page
from tashika.api.routers.scenarios import FiguresOut, StopOut
from tashika.core import clock
from tashika.delivery import queries, stopping
from tashika.delivery.models import Dispatch
from tashika.delivery.relay_queue import queries as relay_queue
from tashika.delivery.waits import Wait, waits_of

router = Router(tags=["dispatches"])
Outcome = Literal["got", "in_doubt", "spared", "refused", "excluded", "waiting"]


class DispatchOut(Schema):
    """One reason for sending one mail version to many."""

    id: int
    name: str
    reason: str
    state: Literal["planning", "sending", "stopped", "finished"]
    mail: str
    planned: int
    created_at: datetime
    finished_at: datetime | None

    @staticmethod
    def resolve_mail(dispatch: Dispatch) -> str:
        """Such as M-31 v4."""
        return dispatch.mail_version.public_id


class DispatchPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[DispatchOut]
    next: int | None


class WaitOut(Schema):
    """Why it does not go on just now: `paused` (the relay refuses one mail after the other),
    `window` (outside the sending window), `login` (the relay refuses our login)."""

    kind: str
    words: str
    until: datetime | None
    reply: str

    @staticmethod
    def resolve_words(wait: Wait) -> str:
        """In the caller's language."""
        return str(wait.words)


class QueueOut(Schema):
    """What the newest stop found in the queue of the senders' own Postfix; null `at`: it is still being looked at.
    `now`: the held mails by state (held, released, deleted, gone)."""

    at: datetime | None
    handed_over: int
    held: int
    left: int
    under_way: int
    error: str
    now: dict[str, int]


class DispatchFiguresOut(DispatchOut):
    """A dispatch with its exact figures at this moment. `relay_queue` is null where no stop has touched the relay's queue,
    or it is not ours to see."""

    figures: FiguresOut
    waits: list[WaitOut]
    relay_queue: QueueOut | None


class RecipientOut(Schema):
    """Who, what became of their mail, when, and the server's words."""

    row_id: int
    contact_id: int
    address: str
    company_name: str
    family_name: str
    given_name: str
    state: str
    why: str
    begun_at: datetime | None
    ended_at: datetime | None
    reply: str
    message_id: str


class RecipientPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[RecipientOut]
    next: int | None


class EmergencyStopOut(Schema):
    """Whether all sending is stopped, since when, and why."""

    stopped: bool
    stopped_at: datetime | None = None
    reason: str = ""


class ReasonIn(Schema):
    """Why; for the record."""

    reason: str = Field("", max_length=300)


@router.get("/dispatches", response=DispatchPage)
def list_dispatches(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The dispatches, the newest first."""
    require(request, "see")
    return page(queries.dispatches(), key="pk", after=after, limit=limit, newest_first=True)


@router.get("/dispatches/{dispatch_id}", response=DispatchFiguresOut)
def get_dispatch(request: HttpRequest, dispatch_id: int) -> Dispatch:
    """One dispatch with its exact figures."""
    require(request, "see")
    found = get_object_or_404(queries.dispatches(), pk=dispatch_id)
    found.figures = queries.figures(dispatch_id)  # type: ignore[attr-defined]
    found.waits = waits_of(found, now=clock.now())  # type: ignore[attr-defined]
    found.relay_queue = relay_queue.standing(found)  # type: ignore[attr-defined]
    return found


@router.get("/dispatches/{dispatch_id}/recipients", response=RecipientPage)
def recipients(
    request: HttpRequest,
    dispatch_id: int,
    outcome: Outcome = "got",
    q: str = "",
    after: After = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Who got it, who was spared, and the others, in the ledger's order. `q` is a part of the address."""
    require(request, "export")
    get_object_or_404(Dispatch, pk=dispatch_id)
    rows = queries.recipients(dispatch_id, outcome, after_id=after, limit=limit + 1, search=q)
    return cut(rows, key="row_id", limit=limit)


@router.get("/emergency-stop", response=EmergencyStopOut, tags=["emergency stop"])
def emergency_stop(request: HttpRequest) -> dict[str, Any]:
    """Whether all sending is stopped."""
    require(request, "see")
    found = stopping.current_emergency_stop()
    if found is None:
        return {"stopped": False}
    return {"stopped": True, "stopped_at": found.stopped_at, "reason": found.reason}


@router.post("/emergency-stop", response=StopOut, tags=["emergency stop"])
def stop(request: HttpRequest, values: ReasonIn | None = None) -> dict[str, Any]:
    """Stop all sending. When this answers, nothing more leaves. Any role may."""
    require(request, "stop")
    reason = values.reason if values else ""
    answer = stopping.emergency_stop(by=actor_of(request), reason=reason, now=clock.now())
    return {
        "certain": answer.certain,
        "silent": answer.silent,
        "pressed_at": answer.pressed_at,
        "answered_at": answer.answered_at,
    }


@router.delete("/emergency-stop", response={204: None}, tags=["emergency stop"])
def release(request: HttpRequest) -> Status[None]:
    """Let sending go on."""
    require(request, "release")
    stopping.release_emergency_stop(by=person_of(request), now=clock.now())
    return Status(204, None)

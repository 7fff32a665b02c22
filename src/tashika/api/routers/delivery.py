"""Dispatches and the emergency stop."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status

from tashika.api.app import person_of, require
from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.delivery import queries, relays, stopping
from tashika.delivery.models import Dispatch, Relay

router = Router(tags=["delivery"])


class ReasonIn(Schema):
    """Why."""

    reason: str = ""


class RelayIn(Schema):
    """An SMTP server."""

    name: str
    host: str
    port: int = 587
    security: str = "starttls"
    verify_certificate: bool = True
    username: str = ""
    password: str = ""
    connections: int = 5
    per_hour: int | None = None


class RelayOut(Schema):
    """A relay without its password."""

    id: int
    name: str
    host: str
    port: int
    security: str
    practice: bool
    is_default: bool
    last_error: str


@router.get("/dispatches/{dispatch_id}", response=dict[str, Any])
def figures(request: HttpRequest, dispatch_id: int) -> dict[str, Any]:
    """The exact figures of a dispatch."""
    require(request, "see")
    dispatch = get_object_or_404(Dispatch, pk=dispatch_id)
    return {"state": dispatch.state, "name": dispatch.name, **asdict(queries.figures(dispatch_id))}


@router.get("/dispatches/{dispatch_id}/recipients", response=list[dict[str, Any]])
def recipients(
    request: HttpRequest, dispatch_id: int, outcome: str = "got", after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """Who got it (got), who was spared (spared), and the others; the next page is `after` the last row_id."""
    require(request, "export")
    if outcome not in queries.OUTCOMES:
        raise NotFound(t("{outcome} という結果はありません。", "There is no outcome {outcome}.", outcome=outcome))
    rows = queries.recipients(dispatch_id, outcome, after_id=after, limit=max(1, min(limit, 1000)))
    return [asdict(row) for row in rows]


@router.post("/emergency-stop", response=dict[str, Any])
def stop(request: HttpRequest, values: ReasonIn) -> dict[str, Any]:
    """Stop all sending. When this answers nothing more leaves."""
    require(request, "stop")
    answer = stopping.emergency_stop(by=person_of(request), reason=values.reason, now=clock.now())
    return {"certain": answer.certain, "silent": answer.silent}


@router.delete("/emergency-stop", response={204: None})
def release(request: HttpRequest) -> Status[None]:
    """Let sending go on."""
    require(request, "release")
    stopping.release_emergency_stop(by=person_of(request), now=clock.now())
    return Status(204, None)


@router.get("/relays", response=list[RelayOut])
def list_relays(request: HttpRequest) -> list[Relay]:
    """The relays."""
    require(request, "administer")
    return list(queries.relays())


@router.post("/relays", response={201: RelayOut})
def add_relay(request: HttpRequest, values: RelayIn) -> Status[Relay]:
    """Add a relay; a person confirms it in the interface before it takes mail (G11)."""
    require(request, "administer")
    return Status(201, relays.create(**values.dict(), by=person_of(request), now=clock.now()))

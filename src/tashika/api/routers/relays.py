"""Relays: the SMTP servers that take our mail. For administrators."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.core import clock
from tashika.delivery import queries, relays
from tashika.delivery.models import Relay

router = Router(tags=["relays"])


class RelayIn(Schema):
    """An SMTP server. In a change, a password that is null stays as it is."""

    name: str = Field(max_length=100)
    host: str = Field(max_length=253)
    port: int = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    verify_certificate: bool = True
    username: str = Field("", max_length=200)
    password: str | None = Field(None, max_length=1000)
    connections: int = 5
    per_hour: int | None = Field(None, ge=1, le=2_000_000_000)
    carrier_pace: dict[str, Annotated[int, Field(ge=1, le=2_000_000_000)]] | None = Field(
        None,
        max_length=100,
        description="Mails an hour at most, by receiving side (docomo, au, gmail …) or domain; null: unchanged",
    )
    on_this_host: bool = Field(False, description="It is the Postfix of the senders' own host: stops reach its queue")
    credit_seconds: int = Field(5, ge=1, le=3600, description="Seconds of mail that may be ahead in that queue")


class RelayOut(Schema):
    """A relay; its password is never shown. It takes mail once a person has confirmed it in the interface (G11)."""

    id: int
    name: str
    host: str
    port: int
    security: str
    verify_certificate: bool
    username: str
    connections: int
    per_hour: int | None
    carrier_pace: dict[str, int]
    on_this_host: bool
    credit_seconds: int
    queue_error: str  # why that queue can't be held; empty: it can
    practice: bool
    confirmed: bool
    is_default: bool
    last_error: str
    paused_until: datetime | None  # it refuses our login: nothing is tried before

    @staticmethod
    def resolve_confirmed(relay: Relay) -> bool:
        """Whether it may take mail."""
        return relay.practice or relay.confirmed_at is not None


class CheckOut(Schema):
    """Whether the relay answered, and its words."""

    ok: bool
    words: str


@router.get("/relays", response=list[RelayOut])
def list_relays(request: HttpRequest) -> list[Relay]:
    """The relays in use, the default first."""
    require(request, "administer")
    return list(queries.relays())


@router.post("/relays", response={201: RelayOut})
def add_relay(request: HttpRequest, values: RelayIn) -> Status[Relay]:
    """Add a relay; a person confirms it in the interface before it takes mail (G11)."""
    require(request, "administer")
    given = values.dict() | {"password": values.password or ""}
    return Status(201, relays.create(**given, by=person_of(request), now=clock.now()))


@router.put("/relays/{relay_id}", response=RelayOut)
def change_relay(request: HttpRequest, relay_id: int, values: RelayIn) -> Relay:
    """Change a relay. Another host, port or login has to be confirmed anew."""
    require(request, "administer")
    return relays.change(_relay(relay_id), **values.dict(), by=person_of(request), now=clock.now())


@router.post("/relays/{relay_id}/check", response=CheckOut)
def check_relay(request: HttpRequest, relay_id: int) -> relays.RelayCheck:
    """Connect, secure and log in, as sending would; no mail."""
    require(request, "administer")
    return relays.check(_relay(relay_id))


@router.delete("/relays/{relay_id}", response={204: None})
def archive_relay(request: HttpRequest, relay_id: int) -> Status[None]:
    """Take it out of use; not while a dispatch sends through it."""
    require(request, "administer")
    relays.archive(_relay(relay_id), by=person_of(request), now=clock.now())
    return Status(204, None)


def _relay(relay_id: int) -> Relay:
    return get_object_or_404(queries.relays(), pk=relay_id)

"""Custom fields."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import actor_of, require
from tashika.audiences import uses as segment_uses
from tashika.core import clock
from tashika.mails import uses as mail_uses
from tashika.people import defining, fields, queries

router = Router(tags=["fields"])


class FieldIn(Schema):
    """A custom field. `key` is what rules and merge fields call it: custom.<key>."""

    key: str = Field(max_length=40)
    label: str = Field(max_length=100)
    type: Literal["text", "number", "date", "choice", "multi_choice", "yes_no"]
    choices: list[str] = []


class FieldOut(FieldIn):
    """A custom field; `archived_at` where it is no longer offered."""

    archived_at: datetime | None


class FieldPatch(Schema):
    """What is to change; what is left out stays. A choice that contacts have can't go."""

    label: str | None = Field(None, max_length=100)
    choices: list[str] | None = None


class OrderIn(Schema):
    """Keys in their order."""

    keys: list[str] = Field(max_length=1000)


class UsesOut(Schema):
    """What a field is used by: contacts with a value, segments, mails."""

    contacts: int
    segments: list[str]
    mails: list[str]


@router.get("/fields", response=list[FieldOut])
def list_fields(request: HttpRequest, archived: bool = False) -> list[Any]:
    """The custom fields in their order; with `archived` those too that are no longer offered."""
    require(request, "see")
    return fields.every() if archived else fields.active()


@router.post("/fields", response={201: FieldOut})
def add_field(request: HttpRequest, values: FieldIn) -> Status[Any]:
    """Add a custom field."""
    require(request, "edit")
    return Status(201, defining.create(**values.dict(), by=actor_of(request), now=clock.now()))


@router.post("/fields/order", response=list[FieldOut])
def reorder_fields(request: HttpRequest, values: OrderIn) -> list[Any]:
    """Put the fields in an order."""
    require(request, "edit")
    defining.reorder(keys=values.keys, by=actor_of(request), now=clock.now())
    return fields.active()


@router.patch("/fields/{key}", response=FieldOut)
def change_field(request: HttpRequest, key: str, values: FieldPatch) -> Any:
    """Change the label or the choices. Key and type stay."""
    require(request, "edit")
    found = queries.field(key)
    return defining.change(
        field=found, label=values.label, choices=values.choices, by=actor_of(request), now=clock.now()
    )


@router.get("/fields/{key}/uses", response=UsesOut)
def field_uses(request: HttpRequest, key: str) -> dict[str, Any]:
    """What uses a field. Counts every contact with a value."""
    require(request, "see")
    found = queries.field(key)
    return {
        "contacts": queries.values_count(found.key),
        "segments": [one.public_id for one in segment_uses.of_field(found.key)],
        "mails": [one.public_id for one in mail_uses.of_field(found.key)],
    }


@router.post("/fields/{key}/archive", response=FieldOut)
def archive_field(request: HttpRequest, key: str) -> Any:
    """Offer a field no longer. Values stay; segments and mails that use it go on."""
    require(request, "edit")
    defining.archive(field=queries.field(key), by=actor_of(request), now=clock.now())
    return queries.field(key)


@router.post("/fields/{key}/bring-back", response=FieldOut)
def bring_field_back(request: HttpRequest, key: str) -> Any:
    """Offer an archived field again."""
    require(request, "edit")
    defining.bring_back(field=queries.field(key), by=actor_of(request), now=clock.now())
    return queries.field(key)

"""Contacts, tags, custom fields, suppression."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, field_validator

from tashika.api.app import actor_of, require
from tashika.core import clock
from tashika.people import consent, contacts, fields, queries, searching, suppression, tagging
from tashika.people.models import Contact

router = Router(tags=["people"])


class ContactIn(Schema):
    """Values of a contact; what is left out is not changed."""

    email: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    family_kana: str | None = None
    given_kana: str | None = None
    company_name: str | None = None
    department: str | None = None
    job_title: str | None = None
    phone: str | None = None
    mobile: str | None = None
    postal_code: str | None = None
    prefecture: str | None = None
    address: str | None = None
    external_id: str | None = None
    note: str | None = None
    custom: dict[str, Any] | None = None

    @field_validator("*")
    @classmethod
    def no_nul(cls, value: Any) -> Any:
        """PostgreSQL keeps no NUL; without this it would be an error 500."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a NUL character can't be stored")
        return value


class ContactOut(Schema):
    """A contact."""

    id: int
    email: str
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    company_name: str
    department: str
    job_title: str
    phone: str
    mobile: str
    postal_code: str
    prefecture: str
    address: str
    external_id: str
    note: str
    consent: str
    custom: dict[str, Any]


class ContactPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[ContactOut]
    next: int | None


class TagIn(Schema):
    """A tag by its name."""

    name: str = Field(min_length=1, max_length=100)


class AddressesIn(Schema):
    """Addresses never to write to."""

    addresses: list[str]
    detail: str = ""


class FieldIn(Schema):
    """A custom field."""

    key: str
    label: str
    type: str
    choices: list[str] = []


@router.get("/contacts", response=ContactPage)
def list_contacts(request: HttpRequest, q: str = "", after: int = 0, limit: int = 100) -> dict[str, Any]:
    """Search or list, in the order of ids."""
    require(request, "see")
    most = max(1, min(limit, 1000))
    found = list(searching.search(q.replace("\0", "")).filter(pk__gt=after).order_by("pk")[: most + 1])
    return {"items": found[:most], "next": found[most - 1].pk if len(found) > most else None}


@router.post("/contacts", response={201: ContactOut})
def add_contact(request: HttpRequest, values: ContactIn) -> Status[Contact]:
    """Add a contact."""
    require(request, "edit")
    return Status(201, contacts.add(values=values.dict(exclude_none=True), by=actor_of(request), now=clock.now()))


@router.get("/contacts/{contact_id}", response=ContactOut)
def get_contact(request: HttpRequest, contact_id: int) -> Contact:
    """One contact."""
    require(request, "see")
    return queries.contact(contact_id)


@router.patch("/contacts/{contact_id}", response=ContactOut)
def change_contact(request: HttpRequest, contact_id: int, values: ContactIn) -> Contact:
    """Change values; the old ones stay in the history."""
    require(request, "edit")
    return contacts.change(
        contact=queries.contact(contact_id),
        values=values.dict(exclude_none=True),
        by=actor_of(request),
        now=clock.now(),
    )


@router.delete("/contacts/{contact_id}", response={204: None})
def delete_contact(request: HttpRequest, contact_id: int) -> Status[None]:
    """Delete a contact; suppression and ledger stay."""
    require(request, "edit")
    contacts.delete(contact=queries.contact(contact_id), by=actor_of(request), now=clock.now())
    return Status(204, None)


@router.post("/contacts/{contact_id}/opt-out", response=ContactOut)
def opt_out(request: HttpRequest, contact_id: int) -> Contact:
    """Record the person's wish; from now on no mail is claimed for them."""
    require(request, "edit")
    found = queries.contact(contact_id)
    consent.opt_out(contact_id=found.pk, address=found.email, now=clock.now(), by=actor_of(request))
    return queries.contact(contact_id)


@router.post("/contacts/{contact_id}/tags", response={204: None})
def put_tag(request: HttpRequest, contact_id: int, tag: TagIn) -> Status[None]:
    """Put a tag on."""
    require(request, "edit")
    found, now = queries.contact(contact_id), clock.now()
    tagging.put_on(tag=tagging.of_name(tag.name, now=now), contact_ids=[found.pk], by=actor_of(request), now=now)
    return Status(204, None)


@router.get("/tags", response=list[str])
def list_tags(request: HttpRequest) -> list[str]:
    """All tags."""
    require(request, "see")
    return [tag.name for tag in queries.tags()]


@router.get("/fields", response=list[FieldIn])
def list_fields(request: HttpRequest) -> list[Any]:
    """The custom fields."""
    require(request, "see")
    return list(fields.active())


@router.post("/fields", response={201: FieldIn})
def add_field(request: HttpRequest, values: FieldIn) -> Status[Any]:
    """Add a custom field."""
    require(request, "edit")
    return Status(201, fields.create(**values.dict(), by=actor_of(request), now=clock.now()))


@router.post("/suppressions", response=dict[str, int])
def suppress(request: HttpRequest, values: AddressesIn) -> dict[str, int]:
    """Put addresses on the suppression list."""
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

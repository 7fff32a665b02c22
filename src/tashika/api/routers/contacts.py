"""Contacts: their values, consent, tags and history."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tashika.api.app import actor_of, require
from tashika.api.paging import After, Limit, cut
from tashika.api.routers.tags import NarrowingIn, TagName, TagOut
from tashika.core import clock
from tashika.people import consent, contacts, queries, searching, tagging
from tashika.people.models import Contact

router = Router(tags=["contacts"])


class ContactIn(Schema):
    """Values of a contact; what is left out or null is not changed, "" empties it. So it is within `custom`."""

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
    owner: str | None = Field(None, description="the address of one of our people")
    custom: dict[str, Any] | None = None


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
    owner: str | None = Field(None, alias="owner.email")
    company_id: int | None
    consent: Literal["none", "given", "withdrawn"]
    opted_out_at: datetime | None
    custom: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class ContactPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[ContactOut]
    next: int | None


class TagsIn(Schema):
    """Tags to put and to take off, by their names."""

    add: list[TagName] = []
    remove: list[TagName] = []


class ConsentIn(Schema):
    """How a person agreed, and the words or the place."""

    ground: Literal["form", "business_card", "business_relation", "published_address", "import", "other"]
    detail: str = Field("", max_length=500)


class OptOutIn(Schema):
    """How the person said so."""

    detail: str = Field("", max_length=500)


class HistoryOut(Schema):
    """One thing that happened to a contact: old and new values by field, and the source."""

    at: datetime
    what: str
    changes: dict[str, list[Any]] = {}
    detail: str = ""
    source: str


@router.get("/contacts", response=ContactPage)
def list_contacts(
    request: HttpRequest, narrowing: Query[NarrowingIn], after: After = 0, limit: Limit = 100
) -> dict[str, Any]:
    """Search by name, kana, company or part of an address, by tag, company and consent; or list all. In the order of
    ids."""
    require(request, "see")
    return cut(searching.first(narrowing.found(), after=after, limit=limit + 1), key="pk", limit=limit)


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
    found = queries.contact(contact_id)
    return contacts.change(contact=found, values=values.dict(exclude_none=True), by=actor_of(request), now=clock.now())


@router.delete("/contacts/{contact_id}", response={204: None})
def delete_contact(request: HttpRequest, contact_id: int) -> Status[None]:
    """Delete a contact; suppression and ledger stay."""
    require(request, "edit")
    contacts.delete(contact=queries.contact(contact_id), by=actor_of(request), now=clock.now())
    return Status(204, None)


@router.get("/contacts/{contact_id}/history", response=list[HistoryOut])
def history(request: HttpRequest, contact_id: int) -> list[dict[str, Any]]:
    """What happened to a contact's values, consent and tags, the newest first. It survives the contact."""
    require(request, "see")
    return [{**one, "source": str(one["source"])} for one in queries.history(contact_id)]


@router.post("/contacts/{contact_id}/opt-out", response=ContactOut)
def opt_out(request: HttpRequest, contact_id: int, values: OptOutIn | None = None) -> Contact:
    """Record the person's wish; from now on no mail is claimed for them."""
    require(request, "edit")
    found = queries.contact(contact_id)
    detail = values.detail if values else ""
    consent.opt_out(contact_id=found.pk, address=found.email, now=clock.now(), by=actor_of(request), detail=detail)
    return queries.contact(contact_id)


@router.post("/contacts/{contact_id}/consent", response=ContactOut)
def give_consent(request: HttpRequest, contact_id: int, values: ConsentIn) -> Contact:
    """Record how and when a person agreed. It lifts an earlier opt-out: the person's later word counts."""
    require(request, "edit")
    found = queries.contact(contact_id)
    consent.give(contact=found, ground=values.ground, detail=values.detail, by=actor_of(request), now=clock.now())
    return queries.contact(contact_id)


@router.get("/contacts/{contact_id}/tags", response=list[TagOut])
def tags_of_contact(request: HttpRequest, contact_id: int) -> list[Any]:
    """The tags on a contact."""
    require(request, "see")
    return queries.tags_of(queries.contact(contact_id).pk)


@router.post("/contacts/{contact_id}/tags", response=list[TagOut])
def tag_contact(request: HttpRequest, contact_id: int, values: TagsIn) -> list[Any]:
    """Put tags on and take tags off."""
    require(request, "edit")
    ids, by, now = [queries.contact(contact_id).pk], actor_of(request), clock.now()
    for name in values.add:
        tagging.put_on(tag=tagging.of_name(name, now=now), contact_ids=ids, by=by, now=now)
    for name in values.remove:
        tagging.take_off(tag=tagging.of_name(name, now=now), contact_ids=ids, by=by, now=now)
    return queries.tags_of(contact_id)

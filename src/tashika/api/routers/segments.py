"""Segments: rules, counts, why a contact matches, static lists."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api import drafts
from tashika.api.app import actor_of, person_of, require
from tashika.api.drafts import ContentOut, ContentPage, DraftIn, VersionOut
from tashika.api.paging import After, Limit
from tashika.audiences import drafting as segment_drafts
from tashika.audiences import matching, schema, static_lists
from tashika.audiences.conditions import TESTS
from tashika.contents import archiving, drafting
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.text import t
from tashika.people import queries as people

router = Router(tags=["segments"])
_NOT_A_LIST = t("静的リストではありません。", "This is no static list.")


class RuleIn(Schema):
    """A rule tree: {"op": "and"|"or"|"not", "rules": [...]} over {"field", "test", "value"}."""

    rule: dict[str, Any]


class CountOut(Schema):
    """How many contacts match, and the ids of some."""

    count: int
    sample: list[int]


class MembersIn(Schema):
    """Addresses to put on a static list."""

    addresses: list[str] = Field(max_length=1_000_000)


class MembersOut(Schema):
    """How many were new, and the addresses that no contact has."""

    added: int
    unknown: list[str]


class RuleFieldOut(Schema):
    """A field that rules may ask about, and its tests. `within_days` looks back and `within_next_days` ahead, from today.

    Most values are a word, a number or a date. An activity's is {"kind": "opened", "mail": "M-31", "days": 30} or
    {"kind": "form_sent", "content": "F-1"}, where only `kind` must be there; a scenario's is {"scenario": "S-12"}, with
    "node": "n3" for one place in it.
    """

    name: str
    type: str
    label: str
    choices: list[str]
    tests: list[str]


@router.get("/segments", response=ContentPage)
def list_segments(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The segments, the highest number first."""
    require(request, "see")
    return drafts.listed(Kind.SEGMENT, after=after, limit=limit)


@router.post("/segments", response={201: ContentOut})
def add_segment(request: HttpRequest, values: DraftIn) -> Status[Content]:
    """A new segment: the draft is {"rule": …}, or {"static": true} for a list. A rule that can't be understood is
    refused with its place."""
    require(request, "edit")
    draft = segment_drafts.accepted(values.draft)
    made = drafting.create(kind=Kind.SEGMENT, name=values.name, draft=draft, by=person_of(request), now=clock.now())
    return Status(201, made)


@router.get("/segments/fields", response=list[RuleFieldOut])
def rule_fields(request: HttpRequest) -> list[dict[str, Any]]:
    """The fields that rules may ask about."""
    require(request, "see")
    labels = schema.labels()
    return [
        {
            "name": name,
            "type": field.type,
            "label": str(labels.get(name, name)),
            "choices": list(field.choices),
            "tests": list(TESTS[field.type]),
        }
        for name, field in schema.schema().items()
    ]


@router.post("/segments/count", response=CountOut)
def count_rule(request: HttpRequest, values: RuleIn) -> dict[str, Any]:
    """How many contacts match a rule that is saved nowhere."""
    require(request, "see")
    return _counted({"rule": values.rule}, None)


@router.get("/segments/{public_id}", response=ContentOut)
def get_segment(request: HttpRequest, public_id: str) -> Content:
    """One segment."""
    require(request, "see")
    return drafts.of(Kind.SEGMENT, public_id)


@router.put("/segments/{public_id}", response=ContentOut)
def save_segment(request: HttpRequest, public_id: str, values: DraftIn) -> Content:
    """Save the draft."""
    require(request, "edit")
    return drafting.save(
        content=drafts.of(Kind.SEGMENT, public_id),
        draft=segment_drafts.accepted(values.draft),
        name=values.name,
        revision=values.revision,
        by=person_of(request),
        now=clock.now(),
    )


@router.delete("/segments/{public_id}", response={204: None})
def archive_segment(request: HttpRequest, public_id: str) -> Status[None]:
    """Take it out of the list. Its versions stay."""
    require(request, "edit")
    archiving.archive(content=drafts.of(Kind.SEGMENT, public_id), by=actor_of(request), now=clock.now())
    return Status(204, None)


@router.get("/segments/{public_id}/count", response=CountOut)
def count_segment(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """How many contacts match now."""
    require(request, "see")
    content = drafts.of(Kind.SEGMENT, public_id)
    return _counted(content.draft, content.pk)


@router.get("/segments/{public_id}/why/{contact_id}", response=dict[str, Any])
def why(request: HttpRequest, public_id: str, contact_id: int) -> dict[str, Any]:
    """Why a contact matches, or why not: the verdict of every rule with the contact's own value."""
    require(request, "see")
    content, contact = drafts.of(Kind.SEGMENT, public_id), people.contact(contact_id)
    if content.draft.get("static"):
        return {"holds": static_lists.holds(content, contact.pk)}
    return asdict(matching.why(content.draft, contact.pk))


@router.post("/segments/{public_id}/members", response=MembersOut)
def add_members(request: HttpRequest, public_id: str, values: MembersIn) -> dict[str, Any]:
    """Put the contacts of these addresses on a static list."""
    require(request, "edit")
    content = drafts.of(Kind.SEGMENT, public_id)
    if not content.draft.get("static"):
        raise matching.UnableToMatch(_NOT_A_LIST, where=public_id)
    text = "\n".join(values.addresses)
    added, unknown = static_lists.add(content=content, text=text, by=person_of(request), now=clock.now())
    return {"added": added, "unknown": unknown}


@router.get("/segments/{public_id}/versions", response=list[VersionOut])
def segment_versions(request: HttpRequest, public_id: str) -> list[dict[str, Any]]:
    """Its versions, the newest first."""
    require(request, "see")
    return drafts.versions_of(drafts.of(Kind.SEGMENT, public_id))


def _counted(draft: dict[str, Any], key: int | None) -> dict[str, Any]:
    return {"count": matching.count(draft, key), "sample": matching.sample(draft, 10, key)}


@router.delete("/segments/{public_id}/members/{contact_id}", response={204: None})
def remove_member(request: HttpRequest, public_id: str, contact_id: int) -> Status[None]:
    """Take a contact off a static list; one that is not on it stays off."""
    require(request, "edit")
    content = drafts.of(Kind.SEGMENT, public_id)
    static_lists.remove(content=content, contact_id=contact_id, by=person_of(request), now=clock.now())
    return Status(204, None)

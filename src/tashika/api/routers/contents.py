"""Contents of every kind: versions, history, differences, uses, freeze; copied, kept, made the draft again."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.api.drafts import ContentOut
from tashika.contents import copying, frozen, queries, restoring, states, uses, versions
from tashika.contents.models import Content
from tashika.contents.states import State
from tashika.core import clock
from tashika.scenarios import uses as scenarios

router = Router(tags=["contents"])


class FreezeOut(Schema):
    """Which incident holds a content, and since when. While it does, every change is refused with 423."""

    incident: str = Field(validation_alias="by_incident")
    since: datetime


class AboutOut(Schema):
    """A content of any kind. `frozen` is null unless an incident holds it."""

    public_id: str
    kind: str
    name: str
    revision: int
    saved_at: datetime
    frozen: FreezeOut | None


class StateOut(Schema):
    """A state of a content, by its ref. `began_at` differs from `at` where several saves of one person are one."""

    ref: str
    name: str
    at: datetime
    began_at: datetime
    by: str


class FullStateOut(StateOut):
    """A state with what stood in it."""

    body: dict[str, Any]


class MomentOut(Schema):
    """A content as it was at a moment; null where there was nothing yet. `being_edited_by`: who was saving just then."""

    draft: FullStateOut | None
    version: FullStateOut | None
    being_edited_by: str


class LineOut(Schema):
    """A line: same, gone, new or skipped. `pieces` are [kind, text]; what differs is gone or new."""

    kind: str
    depth: int
    skipped: int
    pieces: list[list[str]]


class ChangeOut(Schema):
    """A part that differs: changed, gone or new."""

    key: str
    label: str
    kind: str
    lines: list[LineOut]


class RefIn(Schema):
    """Which state: draft, v3 (a version), r12 (the draft after save 12) or a7 (set aside)."""

    ref: str = Field("draft", max_length=20)


class CopyIn(RefIn):
    """Which state, and the name of the copy."""

    name: str = Field("", max_length=200)


class RestoreIn(RefIn):
    """Which state, and the revision of the draft that you had read: 409 if somebody has saved since."""

    revision: int | None = None


class RestoredOut(Schema):
    """The new draft, and the version in which the draft before it is kept: restoring that undoes it."""

    content: ContentOut
    kept: str


class UseOut(Schema):
    """A content that names this one: in its draft, and in these versions."""

    public_id: str
    name: str
    in_draft: bool
    versions: list[int]


class PublicationUseOut(Schema):
    """A publication that has a version of this one in its bill of materials."""

    publication: int
    scenario: str
    state: str
    version: int
    published_at: datetime


class UsesOut(Schema):
    """Where a content is used."""

    contents: list[UseOut]
    publications: list[PublicationUseOut]


@router.get("/contents/{public_id}", response=AboutOut)
def get_content(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """A content by the ID that somebody read out, of whatever kind; and whether it is frozen."""
    content = _content(request, public_id, "see")
    return {
        "public_id": content.public_id,
        "kind": content.kind,
        "name": content.name,
        "revision": content.draft_revision,
        "saved_at": content.draft_saved_at,
        "frozen": frozen.standing(content),
    }


@router.get("/contents/{public_id}/versions", response=list[StateOut])
def content_versions(request: HttpRequest, public_id: str) -> list[State]:
    """Its versions, the newest first."""
    content = _content(request, public_id, "see")
    return [states.of_version(content, one) for one in queries.versions_of(content)]


@router.post("/contents/{public_id}/versions", response={201: StateOut})
def keep_version(request: HttpRequest, public_id: str) -> Status[State]:
    """Keep the draft as a version; the one that there is where nothing has changed."""
    content = _content(request, public_id, "edit")
    version = versions.keep(content=content, by=person_of(request), now=clock.now())
    return Status(201, states.of_version(content, version))


@router.get("/contents/{public_id}/history", response=list[StateOut])
def draft_history(request: HttpRequest, public_id: str) -> list[State]:
    """Who changed the draft when, the newest first: saves of one person within five minutes are one. At most 500."""
    content = _content(request, public_id, "see")
    return [states.of_revision(content, row) for row in queries.revisions_of(content)[:500]]


@router.get("/contents/{public_id}/states/{ref}", response=FullStateOut)
def get_state(request: HttpRequest, public_id: str, ref: str) -> State:
    """A state with what stood in it: draft, v3 (a version), r12 (the draft after save 12) or a7 (set aside)."""
    return states.find(_content(request, public_id, "see"), ref)


@router.get("/contents/{public_id}/at", response=MomentOut)
def as_it_was(request: HttpRequest, public_id: str, time: datetime) -> states.Moment:
    """The content as it was at a time (ISO 8601; without an offset in the installation's time zone)."""
    content = _content(request, public_id, "see")
    return states.at(content, time if time.tzinfo else clock.aware(time))


@router.get("/contents/{public_id}/difference", response=list[ChangeOut])
def difference(request: HttpRequest, public_id: str, before: str, after: str = "draft") -> list[dict[str, Any]]:
    """What differs between two states, part by part: text by line, rules by branch, flows by node."""
    content = _content(request, public_id, "see")
    changes = states.difference(states.find(content, before), states.find(content, after))
    return [
        {
            "key": change.key,
            "label": change.label,
            "kind": change.kind,
            "lines": [
                {
                    "kind": line.kind,
                    "depth": line.depth,
                    "skipped": line.skipped,
                    "pieces": [[piece.kind, piece.text] for piece in line.pieces],
                }
                for line in change.lines
            ],
        }
        for change in changes
    ]


@router.post("/contents/{public_id}/restore", response=RestoredOut)
def restore(request: HttpRequest, public_id: str, values: RestoreIn) -> dict[str, Any]:
    """Make a state the draft again. The draft that stands is kept as a version first."""
    state = states.find(_content(request, public_id, "edit"), values.ref)
    done = restoring.restore(state=state, by=person_of(request), now=clock.now(), revision=values.revision)
    return {"content": done.content, "kept": f"v{done.kept.number}"}


@router.post("/contents/{public_id}/copy", response={201: ContentOut})
def copy(request: HttpRequest, public_id: str, values: CopyIn) -> Status[Content]:
    """A new content of the same kind from a state. A frozen one can be copied; the copy is not frozen."""
    state = states.find(_content(request, public_id, "edit"), values.ref)
    return Status(201, copying.copy(state=state, by=person_of(request), now=clock.now(), name=values.name))


@router.get("/contents/{public_id}/uses", response=UsesOut)
def where_used(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """Which contents name it, and which publications have pinned a version of it (the newest 500)."""
    content = _content(request, public_id, "see")
    return {
        "contents": [
            {
                "public_id": one.content.public_id,
                "name": one.content.name,
                "in_draft": one.in_draft,
                "versions": list(one.versions),
            }
            for one in uses.of(content)
        ],
        "publications": [
            {
                "publication": one.pk,
                "scenario": one.scenario.public_id,
                "state": one.state,
                "version": next(part["version"] for part in one.bill if part["id"] == content.public_id),
                "published_at": one.published_at,
            }
            for one in scenarios.publications_of(content)[:500]
        ],
    }


def _content(request: HttpRequest, public_id: str, ability: str) -> Content:
    require(request, ability)
    return queries.by_public_id(public_id)

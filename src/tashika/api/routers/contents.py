"""Segments, mails, scenarios: drafts, counts, previews, publish and unpublish."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tashika.api.app import actor_of, person_of, require
from tashika.audiences import matching
from tashika.contents import drafting
from tashika.contents import queries as contents
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.delivery import queries as delivery
from tashika.mails import drafting as mail_drafts
from tashika.mails import previewing
from tashika.people import queries as people
from tashika.safeguards import reviewing
from tashika.scenarios import publishing, queries, starting, unpublishing

router = Router(tags=["contents"])
KINDS = {"segments": Kind.SEGMENT, "mails": Kind.MAIL, "scenarios": Kind.SCENARIO}


class ContentIn(Schema):
    """A draft. `revision` is the one that you had read; another meanwhile gives 409 and overwrites nothing."""

    name: str
    draft: dict[str, Any]
    revision: int | None = None


class ContentOut(Schema):
    """A content with its draft."""

    public_id: str
    name: str
    draft: dict[str, Any]
    draft_revision: int


class RuleIn(Schema):
    """A rule tree."""

    rule: dict[str, Any]


class PublishIn(Schema):
    """`bill` is the hash that the review gave; `choice` is send or skip where mails were stopped."""

    bill: str = ""
    choice: str | None = None


class UnpublishIn(Schema):
    """Why."""

    reason: str = ""


@router.post("/segments/count", response=dict[str, int])
def count(request: HttpRequest, values: RuleIn) -> dict[str, int]:
    """How many contacts match a rule."""
    require(request, "see")
    return {"count": matching.count({"rule": values.rule})}


@router.get("/segments/{public_id}/why/{contact_id}", response=dict[str, Any])
def why(request: HttpRequest, public_id: str, contact_id: int) -> dict[str, Any]:
    """Why a contact matches a segment, or why not: the verdict of every rule."""
    require(request, "see")
    return asdict(matching.why(_content("segments", public_id).draft, people.contact(contact_id).pk))


@router.get("/mails/{public_id}/preview/{contact_id}", response=dict[str, Any])
def preview(request: HttpRequest, public_id: str, contact_id: int) -> dict[str, Any]:
    """A mail as one contact would get it."""
    require(request, "see")
    shown = previewing.preview(_content("mails", public_id).draft, contact=people.contact(contact_id), now=clock.now())
    return {"subject": shown.subject, "html": shown.html, "text": shown.text, "headers": shown.headers}


@router.get("/mails/{public_id}/problems", response=list[dict[str, Any]])
def problems(request: HttpRequest, public_id: str) -> list[dict[str, Any]]:
    """What is wrong with a mail, with the place."""
    require(request, "see")
    return [
        {"part": one.part, "line": one.line, "severity": one.severity, "what": str(one.what), "fix": str(one.fix)}
        for one in mail_drafts.problems(_content("mails", public_id).draft)
    ]


@router.get("/scenarios/{public_id}/review", response=dict[str, Any])
def review(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """How many, who not and why; `bill` is what publishing asks for."""
    require(request, "see")
    found = reviewing.review(scenario=_content("scenarios", public_id), now=clock.now())
    return {
        "planned": found.forecast.planned,
        "excluded": found.forecast.excluded,
        "bill": found.clearance.bill_hash.hex(),
        "problems": [str(one.what) for one in found.problems if one.severity == "error"],
    }


@router.post("/scenarios/{public_id}/publish", response=dict[str, Any])
def publish(request: HttpRequest, public_id: str, values: PublishIn) -> dict[str, Any]:
    """Publish what was reviewed."""
    require(request, "publish")
    try:
        bill = bytes.fromhex(values.bill)
    except ValueError:
        bill = b""
    publishing.publish(
        scenario=_content("scenarios", public_id),
        clearance=publishing.Clearance(bill, 0),
        by=person_of(request),
        now=clock.now(),
        choice=values.choice,
    )
    starting.start_due(now=clock.now())
    return status(request, public_id)


@router.post("/scenarios/{public_id}/unpublish", response=dict[str, Any])
def unpublish(request: HttpRequest, public_id: str, values: UnpublishIn) -> dict[str, Any]:
    """Unpublish. When this answers, nothing more leaves; the figures are exact."""
    require(request, "stop")
    answer = unpublishing.unpublish(
        scenario=_content("scenarios", public_id), by=actor_of(request), now=clock.now(), reason=values.reason
    )
    if answer is None:
        return {"certain": True, "figures": {}, "silent": []}
    return {
        "certain": answer.certain,
        "silent": answer.silent,
        "figures": answer.figures,
        "last_begun_at": answer.last_begun_at,
    }


@router.get("/scenarios/{public_id}/status", response=dict[str, Any])
def status(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """What a scenario does now."""
    require(request, "see")
    publication = queries.latest(_content("scenarios", public_id))
    dispatch = publication.dispatch_id if publication else None
    return {
        "state": publication.state if publication else "draft",
        "dispatch": dispatch,
        "figures": delivery.figures(dispatch).by_state() if dispatch else {},
    }


@router.get("/{kind}", response=list[ContentOut])
def list_contents(request: HttpRequest, kind: str) -> list[Content]:
    """The segments, mails or scenarios."""
    require(request, "see")
    return list(contents.of_kind(_kind(kind))[:1000])


@router.post("/{kind}", response={201: ContentOut})
def create(request: HttpRequest, kind: str, values: ContentIn) -> Status[Content]:
    """A new one."""
    require(request, "edit")
    return Status(
        201,
        drafting.create(kind=_kind(kind), name=values.name, draft=values.draft, by=person_of(request), now=clock.now()),
    )


@router.get("/{kind}/{public_id}", response=ContentOut)
def get_content(request: HttpRequest, kind: str, public_id: str) -> Content:
    """One, with its draft."""
    require(request, "see")
    return _content(kind, public_id)


@router.put("/{kind}/{public_id}", response=ContentOut)
def save(request: HttpRequest, kind: str, public_id: str, values: ContentIn) -> Content:
    """Save its draft."""
    require(request, "edit")
    return drafting.save(
        content=_content(kind, public_id),
        draft=values.draft,
        name=values.name,
        revision=values.revision,
        by=person_of(request),
        now=clock.now(),
    )


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound(t("{kind} はありません。", "There is no {kind}.", kind=kind))
    return KINDS[kind]


def _content(kind: str, public_id: str) -> Content:
    content = contents.by_public_id(public_id)
    if content.kind != _kind(kind):
        raise NotFound(t("{id} は見つかりません。", "There is no {id}.", id=public_id))
    return content

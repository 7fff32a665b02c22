"""Scenarios: drafts, the review, publish and unpublish."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tashika.api import drafts
from tashika.api.app import actor_of, person_of, require
from tashika.api.drafts import ContentOut, ContentPage, DraftIn
from tashika.api.paging import After, Limit
from tashika.api.routers.mails import ProblemOut, problem_out
from tashika.contents import copying, drafting, states
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.delivery import queries as delivery
from tashika.safeguards import flow_reviewing, reviewing
from tashika.scenarios import drafting as scenario_drafts
from tashika.scenarios import publishing, queries, starting, unpublishing
from tashika.scenarios.flow import enrolling, figures, ways
from tashika.scenarios.models import Publication

router = Router(tags=["scenarios"])


class SampleOut(Schema):
    """One recipient's mail as it would be, and what is odd about it."""

    contact: int
    subject: str
    text: str
    oddities: list[str]


class ReviewOut(Schema):
    """What a person looks at before publishing. `bill` is the hash of this very state: publishing asks for it, and any
    edit makes another one. The samples are the oddest first."""

    planned: int
    excluded: dict[str, int]
    problems: list[ProblemOut]
    samples: list[SampleOut]
    bill: str


class PublishIn(Schema):
    """`bill` is what the review gave. `choice` is for one that was unpublished (G8). A broadcast: send the stopped mails, or
    skip them. A flow: skip what fell due meanwhile, shift everybody's times by the pause, or do it now; `moves` says for
    each node that is no more to which node its people go (null: they leave)."""

    bill: str = Field("", pattern="^([0-9a-f]{64})?$")
    people: int = Field(0, ge=0)
    choice: Literal["send", "skip", "shift", "now"] | None = None
    moves: dict[str, str | None] = {}


class UnpublishIn(Schema):
    """Why; for the record."""

    reason: str = Field("", max_length=300)


class FiguresOut(Schema):
    """Every planned mail is in exactly one of the other states: they add up to `planned`."""

    planned: int = 0
    accepted: int = 0
    in_doubt: int = 0
    refused: int = 0
    excluded: int = 0
    stopped: int = 0
    queued: int = 0
    sending: int = 0
    first_begun_at: datetime | None = None
    last_begun_at: datetime | None = None


class StatusOut(Schema):
    """What a scenario does now. `late`: its time was missed while nothing ran, and it waits for a person's word."""

    state: Literal["draft", "waiting", "late", "running", "unpublished", "finished"]
    send_at: datetime | None = None
    dispatch: int | None = None
    figures: FiguresOut | None = None


class StopOut(Schema):
    """The answer of a stop. `certain` is false where a sender stayed silent: `silent` names it."""

    certain: bool
    silent: list[str]
    pressed_at: datetime | None = None
    answered_at: datetime | None = None
    figures: FiguresOut | None = None


class FlowProblemOut(Schema):
    """What keeps a flow from being published (an error) or looks odd (a warning): the node, and which of its settings."""

    node: str
    field: str
    severity: str
    what: str
    fix: str


class SituationOut(Schema):
    """What publishing again has to decide upon: see `choice` and `moves`."""

    overdue: int
    waiting: int
    stopped_mails: int
    stopped_webhooks: int
    lost: dict[str, int]


class FlowReviewOut(Schema):
    """What a person looks at before publishing a flow. `entering`: who would enter at once; null where people enter by what
    they do."""

    problems: list[FlowProblemOut]
    entering: int | None
    situation: SituationOut
    contents: list[str]
    bill: str


class NodeFiguresOut(Schema):
    """People at one node: now here, gone on, left the flow here, failed here."""

    here: int
    passed: int
    left: int
    failed: int


class PeopleIn(Schema):
    """Contacts, by their numbers."""

    contacts: list[int] = Field(max_length=10_000)


class StepOut(Schema):
    """A node that a person has left behind."""

    node: str
    branch: str
    outcome: str
    arrived_at: datetime
    at: datetime


class WayOut(Schema):
    """A person's way through a flow."""

    round: int
    state: str
    node: str
    why: str
    entered_at: datetime
    due_at: datetime
    steps: list[StepOut]


class PublicationOut(Schema):
    """One publication: what was pinned, by whom, and what became of it."""

    id: int
    state: str
    bill: list[dict[str, Any]]
    send_at: datetime
    published_at: datetime
    unpublished_at: datetime | None
    resumes: int | None = Field(validation_alias="resumes_id")
    dispatch: int | None = Field(validation_alias="dispatch_id")


@router.get("/scenarios", response=ContentPage)
def list_scenarios(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The scenarios, the highest number first."""
    require(request, "see")
    return drafts.listed(Kind.SCENARIO, after=after, limit=limit)


@router.post("/scenarios", response={201: ContentOut})
def add_scenario(request: HttpRequest, values: DraftIn) -> Status[Content]:
    """A new scenario. The draft of a broadcast has: segment (G-5), mail (M-31), send_at (a time with its offset, or null
    for at once), relay (an id, or null for the default). That of a flow has type "flow", nodes, re_entry, goal, exit, cap
    and relay: see the reference."""
    require(request, "edit")
    draft = scenario_drafts.accepted(values.draft)
    made = drafting.create(kind=Kind.SCENARIO, name=values.name, draft=draft, by=person_of(request), now=clock.now())
    return Status(201, made)


@router.get("/scenarios/{public_id}", response=ContentOut)
def get_scenario(request: HttpRequest, public_id: str) -> Content:
    """One scenario."""
    require(request, "see")
    return drafts.of(Kind.SCENARIO, public_id)


@router.put("/scenarios/{public_id}", response=ContentOut)
def save_scenario(request: HttpRequest, public_id: str, values: DraftIn) -> Content:
    """Save the draft; entries that are left out stay as they are. What is published goes on as it was pinned."""
    require(request, "edit")
    content = drafts.of(Kind.SCENARIO, public_id)
    return drafting.save(
        content=content,
        draft=scenario_drafts.accepted({**content.draft, **values.draft}),
        name=values.name,
        revision=values.revision,
        by=person_of(request),
        now=clock.now(),
    )


@router.delete("/scenarios/{public_id}", response={204: None})
def archive_scenario(request: HttpRequest, public_id: str) -> Status[None]:
    """Take it out of the list; not while it is published."""
    require(request, "edit")
    scenario_drafts.archive(scenario=drafts.of(Kind.SCENARIO, public_id), by=actor_of(request), now=clock.now())
    return Status(204, None)


@router.post("/scenarios/{public_id}/copy", response={201: ContentOut})
def copy_scenario(request: HttpRequest, public_id: str) -> Status[Content]:
    """A copy to publish anew; without its time."""
    require(request, "edit")
    state = states.of_draft(drafts.of(Kind.SCENARIO, public_id))
    return Status(201, copying.copy(state=state, by=person_of(request), now=clock.now()))


@router.get("/scenarios/{public_id}/review", response=ReviewOut)
def review(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """How many, who not and why, ten samples with the oddest first."""
    require(request, "see")
    found = reviewing.review(scenario=drafts.of(Kind.SCENARIO, public_id), now=clock.now())
    return {
        "planned": found.forecast.planned,
        "excluded": found.forecast.excluded,
        "problems": [problem_out(one) for one in found.problems],
        "samples": [
            {
                "contact": one.contact.pk,
                "subject": one.preview.subject,
                "text": one.preview.text,
                "oddities": one.oddities,
            }
            for one in found.samples
        ],
        "bill": found.clearance.bill_hash.hex(),
    }


@router.get("/scenarios/{public_id}/flow/review", response=FlowReviewOut)
def review_flow(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """The same of a flow: what is wrong with it, who would enter, what publishing again has to decide upon."""
    require(request, "see")
    found = flow_reviewing.review(scenario=drafts.of(Kind.SCENARIO, public_id), now=clock.now())
    return {
        "problems": [{**asdict(one), "what": str(one.what), "fix": str(one.fix)} for one in found.problems],
        "entering": found.entering,
        "situation": asdict(found.situation),
        "contents": [one.public_id for one in found.contents],
        "bill": found.clearance.bill_hash.hex(),
    }


@router.get("/scenarios/{public_id}/flow/figures", response=dict[str, NodeFiguresOut])
def flow_figures(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """Where people are, by node."""
    require(request, "see")
    return {node: asdict(one) for node, one in figures.of(drafts.of(Kind.SCENARIO, public_id)).items()}


@router.post("/scenarios/{public_id}/people", response={200: dict[str, int]})
def enrol(request: HttpRequest, public_id: str, values: PeopleIn) -> dict[str, int]:
    """Let contacts into a running flow whose entry is "api". Who is in it stays where they are."""
    require(request, "edit")
    content = drafts.of(Kind.SCENARIO, public_id)
    return {
        "entered": enrolling.enrol(scenario=content, contacts=values.contacts, by=actor_of(request), now=clock.now())
    }


@router.get("/scenarios/{public_id}/people/{contact}", response=list[WayOut])
def way(request: HttpRequest, public_id: str, contact: int) -> list[dict[str, Any]]:
    """A person's ways through a flow, every node with its moment and outcome."""
    require(request, "see")
    return [
        {**asdict(one), "steps": [asdict(step) for step in one.steps]}
        for one in ways.of(drafts.of(Kind.SCENARIO, public_id), contact)
    ]


@router.post("/scenarios/{public_id}/publish", response=StatusOut)
def publish(request: HttpRequest, public_id: str, values: PublishIn) -> dict[str, Any]:
    """Publish what was reviewed; or go on with a broadcast that was unpublished. The same twice is published once."""
    require(request, "publish")
    content = drafts.of(Kind.SCENARIO, public_id)
    publication = publishing.publish(
        scenario=content,
        clearance=publishing.Clearance(bytes.fromhex(values.bill), values.people),
        by=person_of(request),
        now=clock.now(),
        choice=values.choice,
        moves=values.moves,
    )
    starting.start_at_once(people=values.people, now=clock.now())
    publication.refresh_from_db()
    return _status(publication)


@router.post("/scenarios/{public_id}/start-late", response=StatusOut)
def start_late(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """A publication whose time was missed starts after all."""
    require(request, "publish")
    content = drafts.of(Kind.SCENARIO, public_id)
    publication = queries.live(content)
    if publication is not None and starting.is_late(publication, clock.now()):
        starting.start_late(publication=publication, by=person_of(request), now=clock.now())
        starting.start_due(now=clock.now())
    return _status(queries.latest(content))


@router.post("/scenarios/{public_id}/unpublish", response=StopOut)
def unpublish(request: HttpRequest, public_id: str, values: UnpublishIn | None = None) -> dict[str, Any]:
    """Unpublish. When this answers, nothing more leaves; the figures are exact and add up. Any role may."""
    require(request, "stop")
    answer = unpublishing.unpublish(
        scenario=drafts.of(Kind.SCENARIO, public_id),
        by=actor_of(request),
        now=clock.now(),
        reason=values.reason if values else "",
    )
    if answer is None:
        return {"certain": True, "silent": []}
    return {
        "certain": answer.certain,
        "silent": answer.silent,
        "pressed_at": answer.pressed_at,
        "answered_at": answer.answered_at,
        "figures": {**answer.figures, "last_begun_at": answer.last_begun_at},
    }


@router.get("/scenarios/{public_id}/status", response=StatusOut)
def status(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """What a scenario does now."""
    require(request, "see")
    return _status(queries.latest(drafts.of(Kind.SCENARIO, public_id)))


@router.get("/scenarios/{public_id}/publications", response=list[PublicationOut])
def publications(request: HttpRequest, public_id: str) -> list[Publication]:
    """Everything that was ever published of it, the newest first."""
    require(request, "see")
    return list(queries.publications(drafts.of(Kind.SCENARIO, public_id)))


def _status(publication: Publication | None) -> dict[str, Any]:
    if publication is None:
        return {"state": "draft"}
    late = starting.is_late(publication, clock.now())
    dispatch = publication.dispatch_id
    return {
        "state": "late" if late else publication.state,
        "send_at": publication.send_at,
        "dispatch": dispatch,
        "figures": delivery.figures(dispatch) if dispatch else None,
    }

"""Flows: starting designs, the canvas, its draft that saves itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from tashika.contents import drafting, frozen
from tashika.contents import queries as contents
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.scenarios import starting_designs
from tashika.scenarios.flow import reading
from tashika.web.access import staff, user_of
from tashika.web.reading import json_body
from tashika.web.views import _flows


@require_GET
@staff("edit")
def new(request: HttpRequest) -> HttpResponse:
    """A broadcast or a flow? And from which design."""
    designs = [*starting_designs.DESIGNS, starting_designs.EMPTY]
    return render(request, "web/scenarios/new.html", {"designs": designs})


@require_POST
@staff("edit")
def begin(request: HttpRequest) -> HttpResponse:
    """A new flow from a design."""
    design = starting_designs.design(request.POST.get("design", ""))
    name = request.POST.get("name", "").strip() or str(design.name if design.key else t("シナリオ", "Scenario"))
    made = drafting.create(kind=Kind.SCENARIO, name=name, draft=design.draft(), by=user_of(request), now=clock.now())
    return redirect("edit_scenario", made.public_id)


def editor(request: HttpRequest, content: Content) -> HttpResponse:
    """The canvas to work on; while frozen, to look at."""
    held = frozen.standing(content)
    context = {
        "content": content,
        "data": _flows.page_data(content, content.draft, editable=held is None),
        "frozen": held,
    }
    return render(request, "web/flows/editor.html", context)


@require_POST
@staff("edit")
def save(request: HttpRequest, public_id: str) -> JsonResponse:
    """Save {draft, name, revision} (autosave): the new revision and what is wrong. 409 if somebody saved meanwhile."""
    try:
        content, asked = contents.by_public_id(public_id), json_body(request)
        draft = _sent(asked)
        if (
            content.kind != Kind.SCENARIO
            or content.draft.get("type") != "flow"
            or type(asked.get("revision")) is not int
        ):
            raise reading.UnableToReadFlow(t("送られた内容を読めません。", "What was sent can't be read."))
        saved = drafting.save(
            content=content,
            draft=draft,
            name=str(asked.get("name") or ""),
            by=user_of(request),
            now=clock.now(),
            revision=asked["revision"],
        )
    except TashikaError as error:
        return _refused(error)
    return JsonResponse({"revision": saved.draft_revision, "problems": _flows.problems(draft)})


@require_POST
@staff("edit")
def save_as_new(request: HttpRequest) -> JsonResponse:
    """Save {draft, name} as another scenario: the way out of a conflict. Answers its address."""
    try:
        asked = json_body(request)
        draft = _sent(asked)
        name = str(t("{name} の複製", "Copy of {name}", name=asked.get("name") or ""))[: drafting.LONGEST_NAME]
        made = drafting.create(kind=Kind.SCENARIO, name=name, draft=draft, by=user_of(request), now=clock.now())
    except TashikaError as error:
        return _refused(error)
    return JsonResponse({"url": f"/scenarios/{made.public_id}/edit"})


def _sent(asked: dict[str, Any]) -> dict[str, Any]:
    """The flow that a script sent. Raises UnableToReadFlow."""
    draft = asked.get("draft")
    if not isinstance(draft, dict) or draft.get("type") != "flow":
        raise reading.UnableToReadFlow(t("送られた内容を読めません。", "What was sent can't be read."))
    return reading.accepted(draft)


def _refused(error: TashikaError) -> JsonResponse:
    return JsonResponse({"error": f"{error.what} {error.fix}".strip(), "where": error.where}, status=error.status)


urlpatterns = [
    path("scenarios/new", new, name="new_scenario"),
    path("scenarios/new/flow", begin, name="begin_flow"),
    path("scenarios/drafts", save_as_new, name="save_flow_as_new"),
    path("scenarios/<str:public_id>/draft", save, name="save_flow"),
]

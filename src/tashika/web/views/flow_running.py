"""A flow's own pages: what it does now, and the look before publishing. `views/scenarios.py` leads here."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tashika.contents import frozen
from tashika.contents.models import Content
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.safeguards import flow_reviewing
from tashika.scenarios import queries, unpublishing
from tashika.scenarios.flow import nodes
from tashika.scenarios.models import Publication
from tashika.web.views import _flows


def show(request: HttpRequest, content: Content, *, shown: str) -> HttpResponse:
    """The canvas to look at, with the people at each node; what was published when. While it is published the canvas is
    that of the publication. `shown` is the state as the page knows it, for the live figures."""
    publication = queries.latest(content)
    live = publication is not None and publication.state in _LIVE
    draft = publication.scenario_version.body if publication is not None and live else content.draft
    data = _flows.page_data(content, draft, editable=False, counts=publication is not None)
    data["urls"]["events"] = f"/scenarios/{content.public_id}/events?{urlencode({'shown': shown})}" if live else ""
    context = {
        "content": content,
        "publication": publication,
        "live": live,
        "edited": live and draft != content.draft,
        "shown": shown,
        "data": data,
        "reason": queries.why_unpublished(content),
        "what_stops": unpublishing.what_stops(content).words,
        "publications": queries.publications(content),
        "freeze": frozen.standing(content),
    }
    return render(request, "web/flows/flow.html", context)


_LIVE = (Publication.State.WAITING, Publication.State.RUNNING)


def review(request: HttpRequest, content: Content) -> HttpResponse:
    """What is wrong, who enters, what publishing again has to decide: before publishing."""
    try:
        found = flow_reviewing.review(scenario=content, now=clock.now())
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}".strip())
        return redirect("edit_scenario", content.public_id)
    known = {node["id"]: node for node in content.draft["nodes"]}
    context = {
        "content": content,
        "review": found,
        "bill": found.clearance.bill_hash.hex(),
        "data": _flows.page_data(content, content.draft, editable=False),
        "problems": [(one, _name_of(known.get(one.node))) for one in found.problems],
        "lost": [(name, _name_of(_last_known(content, name)), people) for name, people in found.situation.lost.items()],
        "places": [(node["id"], _name_of(node)) for node in content.draft["nodes"] if node["kind"] != nodes.ENTRY],
    }
    return render(request, "web/flows/review.html", context)


def _name_of(node: dict[str, Any] | None) -> str:
    """What a person calls a node."""
    if node is None:
        return str(t("シナリオ全体", "The whole scenario"))
    return str(node.get("name") or nodes.WORDS[node["kind"]])


def _last_known(content: Content, name: str) -> dict[str, Any] | None:
    """A node that is no more, as the latest publication had it."""
    publication = queries.latest(content)
    published = publication.scenario_version.body["nodes"] if publication else []
    return next((node for node in published if node["id"] == name), None)

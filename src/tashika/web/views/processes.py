"""「送信プロセス」: every process that sends or works, live; the relays; what the background does and what waits."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.views.decorators.http import require_GET

from tashika.core import clock
from tashika.web.access import staff
from tashika.web.views import _processes

EVERY = 1.0  # seconds between two looks


@require_GET
@staff("see")
def page(request: HttpRequest) -> HttpResponse:
    """How everything stands now; the figures go on by themselves."""
    context = _processes.shown(clock.now())
    return render(request, "web/watching/processes.html", {**context, "failed": _processes.failed_jobs()})


@require_GET
@staff("see")
async def events(request: HttpRequest) -> StreamingHttpResponse:
    """The figures, as long as somebody looks. The page is loaded anew when a process comes, goes or falls silent."""
    language, shape = translation.get_language() or "ja", request.GET.get("shown", "")

    async def figures() -> AsyncIterator[str]:
        while True:
            values = await sync_to_async(_values)(clock.now(), language)
            values["reload"] = values.pop("shape") != shape
            yield f"data: {json.dumps(values)}\n\n"
            await asyncio.sleep(EVERY)

    return StreamingHttpResponse(figures(), content_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _values(now: datetime, language: str) -> dict[str, object]:
    with translation.override(language):
        context = _processes.shown(now)
        values: dict[str, object] = {"shape": context["shape"], "at": clock.to_the_second(now)}
        for row in (*context["senders"], *context["relays"], *context["processes"], *context["jobs"]):
            values |= {f"{row['key']}.{name}": str(value) for name, value in row["live"].items()}
        return values


urlpatterns = [
    path("processes", page, name="processes"),
    path("processes/events", events, name="process_events"),
]

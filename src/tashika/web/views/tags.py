"""Tags: the list, a tag with its contacts, renaming, merging, deleting; tagging everybody whom a search finds."""

import asyncio
import json
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.users import actor_of
from tashika.audiences import retiring, uses
from tashika.core import clock
from tashika.core.text import Text, t
from tashika.people import bulk_tagging, queries, searching, tagging, tags, tasks
from tashika.people.models import BulkTagging
from tashika.people.searching import Narrowing
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import _lists

PAGE = 100


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The list with counts, by name."""
    words, after = request.GET.get("q", "").strip().replace("\0", ""), request.GET.get("after", "").replace("\0", "")
    found = queries.tags().filter(name__icontains=words, name__gt=after)
    rows = list(found[: PAGE + 1])
    counts = queries.tag_counts([tag.pk for tag in rows[:PAGE]])
    context = {
        "rows": [(tag, counts[tag.pk]) for tag in rows[:PAGE]],
        "limit": queries.COUNT_LIMIT,
        "words": words,
        "next": rows[PAGE - 1].name if len(rows) > PAGE else "",
        "running": queries.running_bulk_taggings(),
    }
    return render(request, "web/tags/list.html", context)


@require_POST
@staff("edit")
def new(request: HttpRequest) -> HttpResponse:
    """A new tag."""
    made = tags.create(name=request.POST.get("name", ""), by=actor_of(user_of(request)), now=clock.now())
    messages.success(request, str(t("「{name}」を追加しました。", "“{name}” added.", name=made.name)))
    return redirect("tags")


@require_GET
@staff("see")
def tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    """One tag: its contacts, what asks for it, its former names."""
    found = queries.tag(tag_id)
    if found.pk != tag_id:
        return redirect("tag", found.pk)
    narrowing = Narrowing(tag=found)
    context = {
        "tag": found,
        "count": queries.tagged_count(found),
        "segments": uses.of_tag(found),
        "former": found.former_names.order_by("name"),
        "others": queries.tags().exclude(pk=found.pk)[:1000],
        "address": _lists.address_of(narrowing),
        **_lists.page_of(narrowing, request.GET.get("after", "")),
    }
    return render(request, "web/tags/tag.html", context)


@require_POST
@staff("edit")
def rename(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Another name."""
    found = queries.tag(tag_id)
    tags.rename(tag=found, name=request.POST.get("name", ""), by=actor_of(user_of(request)), now=clock.now())
    messages.success(request, str(t("名前を変えました。", "Renamed.")))
    return redirect("tag", found.pk)


@require_POST
@staff("edit")
def merge(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Into another tag."""
    found = queries.tag(tag_id)
    into = queries.tag(number(request.POST.get("into")) or 0)
    moved = tags.merge(tag=found, into=into, by=actor_of(user_of(request)), now=clock.now())
    words = t(
        "「{name}」に統合しました。{n}人に新しくつきました。",
        "Merged into “{name}”; {n} are new to it.",
        name=into.name,
        n=f"{moved:,}",
    )
    messages.success(request, str(words))
    return redirect("tag", into.pk)


@require_POST
@staff("edit")
def delete(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Off everybody, for good."""
    found = queries.tag(tag_id)
    count = retiring.delete_tag(tag=found, by=actor_of(user_of(request)), now=clock.now())
    words = t(
        "「{name}」を削除し、{n}人から外しました。",
        "“{name}” deleted; {n} contacts had it.",
        name=found.name,
        n=f"{count:,}",
    )
    messages.success(request, str(words))
    return redirect("tags")


@require_http_methods(["GET", "POST"])
@staff("edit")
def bulk(request: HttpRequest) -> HttpResponse:
    """Tag or untag everybody whom the list shows: first the number, then the act."""
    narrowing = _lists.narrowing_of(request.POST if request.method == "POST" else request.GET)
    address = _lists.address_of(narrowing)
    if request.method == "GET":
        count = searching.narrowed(narrowing).count()
        context = {
            "narrowing": narrowing,
            "address": address,
            "count": count,
            "large": count > bulk_tagging.AT_ONCE,
            "tags": queries.tags()[:1000],
        }
        return render(request, "web/tags/bulk.html", context)
    by, now, name = actor_of(user_of(request)), clock.now(), request.POST.get("name", "")
    known, puts_on = queries.tag_of(name), request.POST.get("act") != "off"
    if known is None and not puts_on:
        messages.success(request, str(_changed(name, False, 0)))
        return redirect(f"/contacts?{address}")
    meant = known or tags.create(name=name, by=by, now=now)
    if bulk_tagging.is_large(narrowing):
        begun = bulk_tagging.begin(tag=meant, puts_on=puts_on, narrowing=narrowing, by=by, now=now)
        tasks.tag_in_bulk.defer(bulk_id=begun.pk)
        return redirect("bulk_tagging", begun.pk)
    change = tagging.put_on_found if puts_on else tagging.take_off_found
    number = change(tag=meant, narrowing=narrowing, by=by, now=now)
    messages.success(request, str(_changed(meant.name, puts_on, number)))
    return redirect(f"/contacts?{address}")


def _changed(name: str, puts_on: bool, number: int) -> Text:
    if puts_on:
        return t(
            "新しく{n}人に「{name}」をつけました。", "“{name}” put on {n} more contacts.", name=name, n=f"{number:,}"
        )
    return t("{n}人から「{name}」を外しました。", "“{name}” taken off {n} contacts.", name=name, n=f"{number:,}")


@require_GET
@staff("see")
def bulk_progress(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """How far a tagging in the background has come."""
    return render(request, "web/tags/progress.html", {"bulk": queries.bulk_tagging(bulk_id)})


@require_GET
@staff("see")
async def bulk_events(request: HttpRequest, bulk_id: int) -> StreamingHttpResponse:
    """The same, live."""

    async def progress() -> AsyncIterator[str]:
        while True:
            found = await sync_to_async(queries.bulk_tagging)(bulk_id)
            over = found.state != BulkTagging.State.RUNNING
            values = {"planned": found.planned, "seen": found.seen, "changed": found.changed, "reload": over}
            yield f"data: {json.dumps(values)}\n\n"
            await asyncio.sleep(0.5)

    return StreamingHttpResponse(progress(), content_type="text/event-stream", headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("tags", index, name="tags"),
    path("tags/new", new, name="new_tag"),
    path("tags/bulk", bulk, name="bulk_tag"),
    path("tags/bulk/<int:bulk_id>", bulk_progress, name="bulk_tagging"),
    path("tags/bulk/<int:bulk_id>/events", bulk_events, name="bulk_tagging_events"),
    path("tags/<int:tag_id>", tag, name="tag"),
    path("tags/<int:tag_id>/rename", rename, name="rename_tag"),
    path("tags/<int:tag_id>/merge", merge, name="merge_tag"),
    path("tags/<int:tag_id>/delete", delete, name="delete_tag"),
]

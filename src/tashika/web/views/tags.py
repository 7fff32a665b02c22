"""Tags: the list, a tag with its contacts, renaming, merging, deleting; tagging everybody whom a search finds."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.users import actor_of
from tashika.audiences import retiring, uses
from tashika.core import clock
from tashika.core.text import t
from tashika.people import queries, searching, tagging, tags
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
        context = {"narrowing": narrowing, "address": address, "count": count, "tags": queries.tags()[:1000]}
        return render(request, "web/tags/bulk.html", context)
    by, now, name = actor_of(user_of(request)), clock.now(), request.POST.get("name", "")
    known = queries.tag_of(name)
    if request.POST.get("act") == "off":
        taken = tagging.take_off_found(tag=known, narrowing=narrowing, by=by, now=now) if known else 0
        words = t("{n}人から「{name}」を外しました。", "“{name}” taken off {n} contacts.", name=name, n=f"{taken:,}")
    else:
        put = tagging.put_on_found(
            tag=known or tags.create(name=name, by=by, now=now), narrowing=narrowing, by=by, now=now
        )
        words = t(
            "新しく{n}人に「{name}」をつけました。", "“{name}” put on {n} more contacts.", name=name, n=f"{put:,}"
        )
    messages.success(request, str(words))
    return redirect(f"/contacts?{address}")


urlpatterns = [
    path("tags", index, name="tags"),
    path("tags/new", new, name="new_tag"),
    path("tags/bulk", bulk, name="bulk_tag"),
    path("tags/<int:tag_id>", tag, name="tag"),
    path("tags/<int:tag_id>/rename", rename, name="rename_tag"),
    path("tags/<int:tag_id>/merge", merge, name="merge_tag"),
    path("tags/<int:tag_id>/delete", delete, name="delete_tag"),
]

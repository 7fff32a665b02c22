"""Segments: rules without code, live count and sample, why a contact matches."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts import roles
from tashika.audiences import list_files, matching, schema, static_lists, wording
from tashika.contents import drafting, frozen
from tashika.contents import queries as contents
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import Text, t
from tashika.people import searching
from tashika.people.models import Contact
from tashika.web.access import staff, user_of
from tashika.web.reading import json_body, number
from tashika.web.views import _contents, _lists, _rules


@require_GET
@staff("see")
def segments(request: HttpRequest) -> HttpResponse:
    """The list."""
    return render(request, "web/segments/list.html", {"rows": contents.of_kind(Kind.SEGMENT)[:300]})


@require_http_methods(["GET", "POST"])
@staff("edit")
def new(request: HttpRequest) -> HttpResponse:
    """A new segment, by rules or as a list."""
    if request.method == "POST":
        static = request.POST.get("kind") == "static"
        draft: dict[str, Any] = {"static": True} if static else {"rule": {"op": "and", "rules": []}}
        made = drafting.create(
            kind=Kind.SEGMENT,
            name=request.POST.get("name", "").strip() or str(t("新しいセグメント", "New segment")),
            draft=draft,
            by=user_of(request),
            now=clock.now(),
        )
        return redirect("segment", made.public_id)
    return render(request, "web/segments/new.html")


@require_GET
@staff("see")
def segment(request: HttpRequest, public_id: str) -> HttpResponse:
    """The editor."""
    found = _segment(public_id)
    if found.draft.get("static"):
        return _static(request, found)
    rule = found.draft.get("rule") or {"op": "and", "rules": []}
    data = {**_rules.editor_data(rule), "rule": rule}
    context = {**_editing(request, found), "content": found, "segment": data}
    return render(request, "web/segments/editor.html", context)


def _editing(request: HttpRequest, found: Content) -> dict[str, Any]:
    """Whether the person may change it now, and what the saving of the draft needs."""
    held = frozen.standing(found)
    editable = roles.may(user_of(request).role, "edit") and held is None
    return {"freeze": held, "editable": editable, "data": _contents.draft_data(found, editable=editable)}


def _static(request: HttpRequest, found: Content) -> HttpResponse:
    rows = static_lists.members(found, after=number(request.GET.get("after")) or 0, limit=_lists.PAGE + 1)
    context = {
        **_editing(request, found),
        "content": found,
        "count": static_lists.count(found),
        "members": rows[: _lists.PAGE],
        "next": rows[_lists.PAGE - 1].pk if len(rows) > _lists.PAGE else None,
    }
    return render(request, "web/segments/static.html", context)


@require_POST
@staff("see")
def count(request: HttpRequest) -> JsonResponse:
    """Live count and sample of a rule that is being edited."""
    try:
        body = {"rule": json_body(request)["rule"]}
        number = matching.count(body)
        found = Contact.objects.filter(pk__in=matching.sample(body, 8)).order_by("pk")
    except (TashikaError, ValueError, KeyError) as error:
        what = (
            str(error.what)
            if isinstance(error, TashikaError)
            else str(t("条件を読めません。", "The rule can't be read."))
        )
        return JsonResponse({"error": what, "where": getattr(error, "where", "")}, status=422)
    sample = [
        {"id": one.pk, "name": f"{one.family_name} {one.given_name}", "company": one.company_name} for one in found
    ]
    return JsonResponse({"count": number, "sample": sample})


@require_GET
@staff("see")
def why(request: HttpRequest, public_id: str) -> HttpResponse:
    """Why a contact matches, or why not."""
    found, words = _segment(public_id), request.GET.get("q", "").strip()
    people_found = searching.first(searching.Narrowing(words=words), limit=5) if words else []
    verdicts = [(contact, matching.why(found.draft, contact.pk)) for contact in people_found]
    labels = schema.labels()
    shown = [(contact, verdict.holds, _flat(verdict, labels, 0)) for contact, verdict in verdicts]
    return render(request, "web/segments/_why.html", {"shown": shown, "words": words})


def _flat(verdict: matching.Verdict, labels: dict[str, Text | str], depth: int) -> list[dict[str, Any]]:
    if verdict.op:
        groups = {"and": t("すべて", "all"), "or": t("どれか", "any"), "not": t("どれでもない", "none")}
        head = {"depth": depth * 24, "holds": verdict.holds, "words": groups[verdict.op], "actual": ""}
        return [head, *(line for inner in verdict.rules for line in _flat(inner, labels, depth + 1))]
    words = wording.leaf({"field": verdict.field, "test": verdict.test, "value": verdict.value}, labels)
    return [{"depth": depth * 24, "holds": verdict.holds, "words": words, "actual": _shown(verdict.actual)}]


def _shown(actual: Any) -> Any:
    """A person's own value: tags and choices side by side, the time of what they did in words."""
    if isinstance(actual, datetime):
        return clock.in_words(actual)
    return "、".join(map(str, actual)) if isinstance(actual, list) else actual


@require_POST
@staff("edit")
def members(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add addresses to a static list, pasted or from a file; or take one contact off."""
    found, by, now = _segment(public_id), user_of(request), clock.now()
    if off := number(request.POST.get("off")):
        if static_lists.remove(content=found, contact_id=off, by=by, now=now):
            messages.success(request, str(t("リストから外しました。", "Taken off the list.")))
        return redirect("segment", public_id)
    file = request.FILES.get("file")
    text = request.POST.get("addresses", "") + "\n" + (list_files.text_of(file.chunks()) if file else "")
    added, unknown = static_lists.add(content=found, text=text, by=by, now=now)
    messages.success(request, str(t("{n}人を追加しました。", "{n} added.", n=f"{added:,}")))
    if unknown:
        words = t(
            "登録のないアドレスが{n}件あり、入れていません: {some}",
            "{n} addresses belong to nobody here and were left out: {some}",
            n=f"{len(unknown):,}",
            some=", ".join(unknown[:20]) + (" …" if len(unknown) > 20 else ""),
        )
        messages.warning(request, str(words))
    return redirect("segment", public_id)


def _segment(public_id: str) -> Content:
    content = contents.by_public_id(public_id)
    if content.kind != Kind.SEGMENT:
        raise NotFound(t("{id} はセグメントではありません。", "{id} is no segment.", id=public_id))
    return content


urlpatterns = [
    path("segments", segments, name="segments"),
    path("segments/new", new, name="new_segment"),
    path("segments/count", count, name="count_segment"),
    path("segments/<str:public_id>", segment, name="segment"),
    path("segments/<str:public_id>/why", why, name="why_segment"),
    path("segments/<str:public_id>/members", members, name="segment_members"),
]

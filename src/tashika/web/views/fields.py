"""Custom fields: the list in its order, adding, changing, archiving with what uses them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts import roles
from tashika.accounts.users import actor_of
from tashika.audiences import uses as segment_uses
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.mails import uses as mail_uses
from tashika.people import defining, fields, queries
from tashika.web.access import staff, user_of


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The list."""
    rows = [(field, fields.TYPE_NAMES[field.type]) for field in fields.every()]
    context = {
        "rows": [row for row in rows if row[0].archived_at is None],
        "archived": [row for row in rows if row[0].archived_at is not None],
    }
    return render(request, "web/fields/list.html", context)


@require_http_methods(["GET", "POST"])
@staff("edit")
def new(request: HttpRequest) -> HttpResponse:
    """Add a field."""
    given = request.POST
    error = None
    if request.method == "POST":
        try:
            made = defining.create(
                key=given.get("key", "").strip(),
                label=given.get("label", ""),
                type=given.get("type", ""),
                choices=given.get("choices", "").splitlines(),
                by=actor_of(user_of(request)),
                now=clock.now(),
            )
        except TashikaError as problem:
            error = problem
        else:
            messages.success(request, str(t("「{label}」を追加しました。", "“{label}” added.", label=made.label)))
            return redirect("fields")
    context = {"types": list(fields.TYPE_NAMES.items()), "given": given, "error": error}
    return render(request, "web/fields/new.html", context)


@require_http_methods(["GET", "POST"])
@staff("see")
def field(request: HttpRequest, key: str) -> HttpResponse:
    """One field: its label and choices, and what uses it."""
    found, error, given = queries.field(key), None, request.POST
    if request.method == "POST":
        roles.require(user_of(request).role, "edit")
        try:
            _change(request, key)
        except TashikaError as problem:
            error = problem
        else:
            messages.success(request, str(t("保存しました。", "Saved.")))
            return redirect("fields")
    context = {
        "field": found,
        "type": fields.TYPE_NAMES[found.type],
        "label": given.get("label", found.label),
        "choices": given.get("choices", "\n".join(found.choices)),
        "has_choices": found.type in defining.WITH_CHOICES,
        "error": error,
        "segments": segment_uses.of_field(found.key),
        "mails": mail_uses.of_field(found.key),
    }
    return render(request, "web/fields/field.html", context)


def _change(request: HttpRequest, key: str) -> None:
    defining.change(
        field=queries.field(key),
        label=request.POST.get("label", ""),
        choices=request.POST.get("choices", "").splitlines(),
        by=actor_of(user_of(request)),
        now=clock.now(),
    )


@require_GET
@staff("see")
def values(request: HttpRequest, key: str) -> HttpResponse:
    """How many contacts have a value; asked after the page is there, for it reads every contact."""
    return HttpResponse(f"{queries.values_count(queries.field(key).key):,}")


@require_POST
@staff("edit")
def move(request: HttpRequest, key: str) -> HttpResponse:
    """One place up or down."""
    keys = [one.key for one in fields.active()]
    if key in keys:
        place = keys.index(key)
        other = max(0, min(len(keys) - 1, place + (-1 if request.POST.get("to") == "up" else 1)))
        keys[place], keys[other] = keys[other], keys[place]
        defining.reorder(keys=keys, by=actor_of(user_of(request)), now=clock.now())
    return redirect("fields")


@require_POST
@staff("edit")
def archive(request: HttpRequest, key: str) -> HttpResponse:
    """Offer it no longer, or again."""
    found, by, now = queries.field(key), actor_of(user_of(request)), clock.now()
    if request.POST.get("act") == "bring_back":
        defining.bring_back(field=found, by=by, now=now)
        words = t("「{label}」をまた使えるようにしました。", "“{label}” is back.", label=found.label)
    else:
        defining.archive(field=found, by=by, now=now)
        words = t(
            "「{label}」の使用を停止しました。値は残っています。",
            "“{label}” is archived. Its values are kept.",
            label=found.label,
        )
    messages.success(request, str(words))
    return redirect("fields")


urlpatterns = [
    path("fields", index, name="fields"),
    path("fields/new", new, name="new_field"),
    path("fields/<str:key>", field, name="field"),
    path("fields/<str:key>/values", values, name="field_values"),
    path("fields/<str:key>/move", move, name="move_field"),
    path("fields/<str:key>/archive", archive, name="archive_field"),
]

"""What the canvas' pickers offer: contents of a kind, tags, people."""

from collections.abc import Callable, Iterable
from functools import partial

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET

from tashika.accounts import roles
from tashika.accounts.models import User
from tashika.contents import queries as contents
from tashika.contents.models import Content, Kind
from tashika.core.text import Text, t
from tashika.people import queries as people
from tashika.scenarios import queries
from tashika.web.access import staff
from tashika.web.reading import number

_OFFERED = 30  # entries of a picker; more are found by typing
_KINDS = {
    "mails": Kind.MAIL,
    "segments": Kind.SEGMENT,
    "lists": Kind.SEGMENT,
    "forms": Kind.FORM,
    "pages": Kind.LANDING_PAGE,
    "documents": Kind.DOCUMENT,
    "scenarios": Kind.SCENARIO,
}
_STATES: dict[str, Text] = {
    "": t("下書き", "Draft"),
    "waiting": t("公開", "Published"),
    "running": t("公開", "Published"),
    "unpublished": t("非公開", "Unpublished"),
    "finished": t("完了", "Finished"),
}


@require_GET
@staff("edit")
def choices(request: HttpRequest) -> JsonResponse:
    """What a picker offers, by a part of the name or an ID; nothing for a `what` that is none."""
    what, words = request.GET.get("what", ""), request.GET.get("q", "").strip().replace("\0", "")
    offers: dict[str, Callable[[str], Iterable[dict[str, str]]]] = {"tags": _tags, "users": _users}
    offers |= {name: partial(_contents, name) for name in _KINDS}
    found = offers[what](words) if what in offers else []
    return JsonResponse({"choices": list(found)})


def _contents(what: str, words: str) -> list[dict[str, str]]:
    found = contents.of_kind(_KINDS[what])
    if words:
        id = number(words.upper().lstrip("GMFLDS-"))
        found = found.filter(Q(name__icontains=words) | Q(number=id if id is not None and id < 10**9 else None))
    if what == "lists":
        found = found.filter(draft__static=True)
    return [
        {"id": one.public_id, "name": f"{one.public_id} {one.name}", "detail": _detail(what, one)}
        for one in found[:_OFFERED]
    ]


def _detail(what: str, content: Content) -> str:
    if what == "mails":
        return str(content.draft.get("subject") or "")
    if what == "scenarios":
        latest = queries.latest(content)
        return str(_STATES[latest.state if latest else ""])
    if what == "segments":
        return str(t("静的リスト", "Static list") if content.draft.get("static") else t("条件", "Rules"))
    return ""


def _tags(words: str) -> list[dict[str, str]]:
    found = people.tags()
    return [
        {"id": tag.name, "name": tag.name}
        for tag in (found.filter(name__icontains=words) if words else found)[:_OFFERED]
    ]


def _users(words: str) -> list[dict[str, str]]:
    found = User.objects.filter(is_active=True).order_by("name")
    if words:
        found = found.filter(Q(name__icontains=words) | Q(email__icontains=words))
    return [
        {"id": f"user:{one.pk}", "name": one.name or one.email, "detail": str(roles.NAMES[one.role])}
        for one in found[:_OFFERED]
    ]


urlpatterns = [path("scenarios/choices", choices, name="flow_choices")]

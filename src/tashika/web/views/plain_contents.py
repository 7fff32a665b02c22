"""Landing pages, forms and documents so far: a list, and a page with title and note."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from tashika.accounts import roles
from tashika.contents import drafting, frozen, plain, queries
from tashika.contents.models import Kind
from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.web.access import staff, user_of
from tashika.web.views import _contents

_WHAT_FOR = {
    Kind.LANDING_PAGE: t(
        "メールから誘う先のページです。IDを作っておくと、シナリオの入口や決定に使えます。",
        "The page that a mail leads to. With an ID scenarios can name it, at the entry and in decisions.",
    ),
    Kind.FORM: t(
        "問い合わせや申し込みのフォームです。IDを作っておくと、シナリオの入口や決定に使えます。",
        "A form to ask or apply with. With an ID scenarios can name it, at the entry and in decisions.",
    ),
    Kind.DOCUMENT: t(
        "ダウンロードしてもらう資料です。IDを作っておくと、シナリオの入口や決定に使えます。",
        "A file to download. With an ID scenarios can name it, at the entry and in decisions.",
    ),
}


def _list(kind: Kind) -> Callable[..., HttpResponse]:
    @require_GET
    @staff("see")
    def contents(request: HttpRequest) -> HttpResponse:
        """The list."""
        found = queries.of_kind(kind).select_related("draft_saved_by").prefetch_related("versions")
        context = {**_about(kind), "page": Paginator(found, 50).get_page(request.GET.get("page"))}
        return render(request, "web/contents/list.html", context)

    return contents


def _new(kind: Kind) -> Callable[..., HttpResponse]:
    @require_POST
    @staff("edit")
    def new(request: HttpRequest) -> HttpResponse:
        """A new one, to be named on its page."""
        name = request.POST.get("name", "").strip() or str(_contents.KINDS[kind][0])
        made = drafting.create(kind=kind, name=name, draft=dict(plain.EMPTY), by=user_of(request), now=clock.now())
        return redirect(_contents.page_of(made))

    return new


def _one(kind: Kind) -> Callable[..., HttpResponse]:
    @require_GET
    @staff("see")
    def one(request: HttpRequest, public_id: str) -> HttpResponse:
        """Its page: name, title and note, saved as one writes."""
        content = queries.by_public_id(public_id)
        if content.kind != kind:
            raise NotFound(t("{id} は別の種類のIDです。", "{id} is of another kind.", id=public_id))
        held = frozen.standing(content)
        editable = roles.may(user_of(request).role, "edit") and held is None
        context = {
            **_about(kind),
            "content": content,
            "freeze": held,
            "editable": editable,
            "data": _contents.draft_data(content, editable=editable),
        }
        return render(request, "web/contents/plain.html", context)

    return one


def _about(kind: Kind) -> dict[str, Any]:
    word, words, address = _contents.KINDS[kind]
    return {"kind": word, "kinds": words, "list": address, "what_for": _WHAT_FOR[kind]}


def _patterns(kind: Kind) -> list[URLPattern]:
    area = _contents.KINDS[kind][2].removeprefix("/")
    return [
        path(area, _list(kind), name=f"{kind.value}s"),
        path(f"{area}/new", _new(kind), name=f"new_{kind.value}"),
        path(f"{area}/<str:public_id>", _one(kind), name=kind.value),
    ]


urlpatterns = [pattern for kind in _WHAT_FOR for pattern in _patterns(kind)]

"""Drafts that save themselves: one set of addresses for every editor (drafts.js)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

from tashika.accounts.models import User
from tashika.contents import drafting, frozen, kinds, presence, queries, states
from tashika.contents.models import Content
from tashika.contents.states import State
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.storable import UnableToStore
from tashika.core.text import t
from tashika.web.access import staff, user_of
from tashika.web.reading import json_body


@require_POST
@staff("edit")
def save(request: HttpRequest, public_id: str) -> JsonResponse:
    """Save {name, draft, revision}, and {chosen: true} where a person chose theirs over another's: 409 with who saved meanwhile, 423 while frozen, else the new revision."""
    content, asked = queries.by_public_id(public_id), json_body(request)
    try:
        draft, name = _sent(content, asked)
        if type(asked.get("revision")) is not int:
            raise _unreadable("revision")
        saved = drafting.save(
            content=content,
            draft=draft,
            name=name,
            by=user_of(request),
            now=clock.now(),
            revision=asked["revision"],
            apart=asked.get("chosen") is True,
        )
    except TashikaError as error:
        return _refused(error)
    return JsonResponse({"revision": saved.draft_revision, "saved": clock.in_words(saved.draft_saved_at)})


@require_POST
@staff("edit")
def set_aside(request: HttpRequest, public_id: str) -> JsonResponse:
    """Keep what a person had written, as the other's draft is chosen."""
    content, asked = queries.by_public_id(public_id), json_body(request)
    try:
        draft, name = _sent(content, asked)
        drafting.set_aside(content=content, draft=draft, name=name, by=user_of(request), now=clock.now())
    except TashikaError as error:
        return _refused(error)
    return JsonResponse({"kept": True})


@require_POST
@staff("edit")
def compare(request: HttpRequest, public_id: str) -> HttpResponse:
    """The draft that stands against what a person has written, for them to choose."""
    content, asked = queries.by_public_id(public_id), json_body(request)
    try:
        draft, name = _sent(content, asked)
    except TashikaError as error:
        return _refused(error)
    theirs, who, now = states.of_draft(content), user_of(request), clock.now()
    mine = State(content, "draft", t("あなたの内容", "Yours"), name or content.name, draft, now, who.name, now)
    context = {"content": content, "theirs": theirs, "changes": states.difference(theirs, mine)}
    return render(request, "web/contents/_choose.html", context)


@require_POST
@staff("edit")
def editing(request: HttpRequest, public_id: str) -> JsonResponse:
    """The editor says every few seconds that it is open: who else is there, which revision stands, whether it is frozen."""
    content, asked = queries.by_public_id(public_id), json_body(request)
    tab, user = str(asked.get("tab") or "")[:40], user_of(request)
    if asked.get("left"):
        presence.left(content=content, user=user, tab=tab)
        return JsonResponse({})
    held = frozen.standing(content)
    draft = states.of_draft(content)
    return JsonResponse(
        {
            "others": _others(presence.seen(content=content, user=user, tab=tab, now=clock.now()), user),
            "revision": content.draft_revision,
            "who": draft.by,
            "when": clock.in_words(draft.at),
            "frozen": str(frozen.words(content, held).what) if held else "",
        }
    )


def _sent(content: Content, asked: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The draft and the name that a script sent, as the kind accepts them."""
    draft = asked.get("draft")
    if not isinstance(draft, dict):
        raise _unreadable("draft")
    return kinds.of(content.kind).accepted(draft), str(asked.get("name") or "")


def _others(people: list[User], user: User) -> str:
    """Who else has the editor open, in a sentence; empty where nobody has."""
    own = t("あなた（別のタブ）", "you, in another tab")
    names = [str(own if one == user else t("{name}さん", "{name}", name=one)) for one in people]
    return str(t("{who}が編集中です。", "Being edited by {who}.", who="、".join(names))) if names else ""


def _unreadable(where: str) -> UnableToStore:
    return UnableToStore(t("送られた内容を読めません。", "What was sent can't be read."), where=where)


def _refused(error: TashikaError) -> JsonResponse:
    answer: dict[str, Any] = {"error": str(error.what), "fix": str(error.fix), "where": error.where, "code": error.code}
    if isinstance(error, drafting.SavedMeanwhile):
        answer |= {"revision": error.current.draft_revision, "who": states.of_draft(error.current).by}
    return JsonResponse(answer, status=error.status)


urlpatterns = [
    path("contents/<str:public_id>/draft", save, name="save_draft"),
    path("contents/<str:public_id>/aside", set_aside, name="set_draft_aside"),
    path("contents/<str:public_id>/compare", compare, name="compare_draft"),
    path("contents/<str:public_id>/editing", editing, name="editing_content"),
]

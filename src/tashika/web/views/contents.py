"""Versions of every kind: what there is, how it was, what differs, where it is used; copied and made the draft again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from tashika.audiences import uses as audiences
from tashika.contents import copying, frozen, queries, restoring, states, uses, versions
from tashika.contents.models import Content, Kind
from tashika.contents.states import Moment, State
from tashika.core import clock
from tashika.core.text import Text, t
from tashika.mails import previewing
from tashika.mails.starting_designs import EMPTY as EMPTY_MAIL
from tashika.scenarios import uses as scenarios
from tashika.scenarios.models import Publication
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import _contents

PAGE = 100
STATES: dict[str, tuple[Text, str]] = {
    Publication.State.WAITING: (t("予約", "Waiting"), "live"),
    Publication.State.RUNNING: (t("公開中", "Running"), "live"),
    Publication.State.UNPUBLISHED: (t("非公開", "Unpublished"), ""),
    Publication.State.FINISHED: (t("終了", "Finished"), ""),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A content that names this one, with its address."""

    content: Content
    kind: Text
    address: str
    in_draft: bool
    versions: tuple[int, ...]


@require_GET
@staff("see")
def content(request: HttpRequest, public_id: str) -> HttpResponse:
    """An ID that somebody read out leads to its page."""
    return redirect(_contents.page_of(queries.by_public_id(public_id)))


@require_GET
@staff("see")
def history(request: HttpRequest, public_id: str) -> HttpResponse:
    """All versions, who changed what when, and where it is used."""
    found = queries.by_public_id(public_id)
    made = [states.of_version(found, one) for one in queries.versions_of(found)[:PAGE]]
    moment = _moment(request.GET.get("at", ""))
    context = {
        **_about(found),
        "versions": [(one, _before(made, at)) for at, one in enumerate(made)],
        "revisions": _revisions(found),
        "uses": _uses(found),
        "publications": _publications(found),
        "at": moment,
        "then": states.at(found, moment) if moment else Moment(None, None),
        "restored": number(request.GET.get("restored")),
    }
    return render(request, "web/contents/history.html", context)


@require_GET
@staff("see")
def state(request: HttpRequest, public_id: str, ref: str) -> HttpResponse:
    """One state as it was: a mail as rendered, everything in words."""
    shown = states.find(queries.by_public_id(public_id), ref)
    context = {**_about(shown.content), "state": shown, "mail": _rendered(shown)}
    return _contents.with_pictures(render(request, "web/contents/state.html", context))


@require_GET
@staff("see")
def difference(request: HttpRequest, public_id: str) -> HttpResponse:
    """What differs between two states: by line and by branch; mails side by side as rendered, too."""
    found = queries.by_public_id(public_id)
    before, after = (states.find(found, request.GET.get(side) or "draft") for side in ("before", "after"))
    context = {
        **_about(found),
        "before": before,
        "after": after,
        "changes": states.difference(before, after),
        "mails": [(one, _rendered(one)) for one in (before, after)] if found.kind == Kind.MAIL else [],
        "choices": [states.of_draft(found), *(states.of_version(found, one) for one in queries.versions_of(found))],
    }
    return _contents.with_pictures(render(request, "web/contents/difference.html", context))


@require_POST
@staff("edit")
def keep(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep the draft as a version."""
    found = queries.by_public_id(public_id)
    version = versions.keep(content=found, by=user_of(request), now=clock.now())
    return redirect("content_state", found.public_id, f"v{version.number}")


@require_POST
@staff("edit")
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a state the draft again; the page then offers to undo it."""
    chosen = states.find(queries.by_public_id(public_id), request.POST.get("ref", ""))
    done = restoring.restore(
        state=chosen, by=user_of(request), now=clock.now(), revision=number(request.POST.get("revision"))
    )
    words = t("{ref} の内容を下書きにしました。", "The draft is now as {ref} was.", ref=chosen.label)
    messages.success(request, str(words))
    query = urlencode({"restored": done.kept.number})
    return redirect(f"/contents/{done.content.public_id}/versions?{query}")


@require_POST
@staff("edit")
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new content from the draft or any other state."""
    chosen = states.find(queries.by_public_id(public_id), request.POST.get("ref") or "draft")
    made = copying.copy(state=chosen, by=user_of(request), now=clock.now())
    words = t("{id} {ref} から複製しました。", "Copied from {id} {ref}.", id=chosen.content.public_id, ref=chosen.label)
    messages.success(request, str(words))
    return redirect(_contents.page_of(made))


def _about(found: Content) -> dict[str, Any]:
    """What the head of each of these pages shows."""
    one, many, address = _contents.KINDS[found.kind]
    return {
        "content": found,
        "kind": one,
        "kinds": many,
        "list": address,
        "page": _contents.page_of(found),
        "freeze": frozen.standing(found),
    }


def _before(made: list[State], at: int) -> State | None:
    """The version before one, of a list with the newest first."""
    return made[at + 1] if at + 1 < len(made) else None


def _revisions(found: Content) -> list[tuple[State, State | None]]:
    """What people left as the draft, the newest first, each with the one before."""
    rows = [states.of_revision(found, row) for row in queries.revisions_of(found)[: PAGE + 1]]
    drafts = [row for row in rows if not row.ref.startswith("a")]
    former = {one.ref: drafts[at + 1] if at + 1 < len(drafts) else None for at, one in enumerate(drafts)}
    return [(row, former.get(row.ref)) for row in rows[:PAGE]]


def _uses(found: Content) -> list[Use]:
    """The contents that name this one, with what the rooms below add."""
    named = {one.content.pk: one for one in uses.of(found)}
    asking = audiences.of_mail(found.number) if found.kind == Kind.MAIL else []
    for one in asking:
        named.setdefault(one.pk, uses.Naming(one, in_draft=True, versions=()))
    return [
        Use(
            one.content,
            _contents.KINDS[one.content.kind][0],
            _contents.page_of(one.content),
            one.in_draft,
            one.versions,
        )
        for one in named.values()
    ]


def _publications(found: Content) -> list[dict[str, Any]]:
    """The publications that pinned it, each with the version and its state in words."""
    return [
        {
            "publication": one,
            "version": next(part["version"] for part in one.bill if part["id"] == found.public_id),
            "state": STATES[one.state][0],
            "badge": STATES[one.state][1],
        }
        for one in scenarios.publications_of(found)[:PAGE]
    ]


def _rendered(shown: State) -> dict[str, Any] | None:
    """A mail as somebody without values would get it."""
    if shown.content.kind != Kind.MAIL:
        return None
    body = {**EMPTY_MAIL, **shown.body}
    return {"body": body, "shown": previewing.preview(body, contact=None, now=clock.now())}


def _moment(words: str) -> datetime | None:
    """A moment as the form gives it, in the organisation's time zone; None for anything else."""
    try:
        return timezone.make_aware(datetime.fromisoformat(words))
    except (ValueError, OverflowError):
        return None


urlpatterns = [
    path("contents/<str:public_id>", content, name="content"),
    path("contents/<str:public_id>/versions", history, name="content_history"),
    path("contents/<str:public_id>/states/<str:ref>", state, name="content_state"),
    path("contents/<str:public_id>/difference", difference, name="content_difference"),
    path("contents/<str:public_id>/keep", keep, name="keep_content"),
    path("contents/<str:public_id>/restore", restore, name="restore_content"),
    path("contents/<str:public_id>/copy", copy, name="copy_content"),
]

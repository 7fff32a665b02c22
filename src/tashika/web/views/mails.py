"""Mails: the list, the editor with its live preview, versions."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts import roles
from tashika.accounts.models import User
from tashika.contents import frozen, queries
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.mails import drafting, merge_values, previewing
from tashika.mails.checking import PARTS, Problem
from tashika.mails.starting_designs import DESIGNS, EMPTY
from tashika.people.models import Contact
from tashika.web.access import staff
from tashika.web.reading import json_body
from tashika.web.views import _contents


@require_GET
@staff("see")
def mails(request: HttpRequest) -> HttpResponse:
    """The list."""
    words = request.GET.get("q", "").strip()
    found = queries.of_kind(Kind.MAIL).select_related("draft_saved_by").prefetch_related("versions")
    if words:
        found = found.filter(name__icontains=words)
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(request, "web/mails/list.html", {"page": page, "words": words})


@require_http_methods(["GET", "POST"])
@staff("edit")
def new_mail(request: HttpRequest) -> HttpResponse:
    """Choose a starting design; POST begins the mail."""
    if request.method == "POST":
        content = drafting.begin(
            name=request.POST.get("name", ""),
            design_key=request.POST.get("design", ""),
            by=_who(request),
            now=clock.now(),
        )
        return redirect("mail", content.public_id)
    designs: list[dict[str, Any]] = [{"design": design, "body": design.body()} for design in DESIGNS]
    now = clock.now()
    for entry in designs:
        shown = previewing.preview({**entry["body"], "from_email": "news@example.jp"}, contact=None, now=now)
        entry["html"], entry["text"] = shown.html, shown.text
    return _contents.with_pictures(render(request, "web/mails/new.html", {"designs": designs}))


@require_GET
@staff("see")
def mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """The editor; for those who may not edit, and while frozen, to look at only."""
    content = _mail(public_id)
    freeze = frozen.standing(content)
    editable = roles.may(_who(request).role, "edit") and freeze is None
    body = {**EMPTY, **content.draft}
    data = {
        "body": body,
        "menu": [
            {"name": field.name, "label": str(field.label), "group": field.group} for field in merge_values.menu()
        ],
        "words": {key: str(words) for key, words in _WORDS.items()},
    }
    context = {
        "content": content,
        "body": body,
        "mail": data,
        "data": _contents.draft_data(content, editable=editable),
        "editable": editable,
        "freeze": freeze,
        "contacts": Contact.objects.order_by("-id")[:8],
    }
    return _contents.with_pictures(render(request, "web/mails/editor.html", context))


@require_POST
@staff("see")
def preview_mail(request: HttpRequest) -> JsonResponse:
    """A draft as a contact would get it, with everything wrong with it."""
    asked = _json(request)
    body = drafting.accepted({key: value for key, value in asked.get("body", {}).items() if key in EMPTY})
    contact = Contact.objects.filter(pk=asked["contact"]).first() if type(asked.get("contact")) is int else None
    shown = previewing.preview(body, contact=contact, now=clock.now())
    return JsonResponse(
        {
            "subject": shown.subject,
            "html": shown.html,
            "text": shown.text,
            "headers": shown.headers,
            "size": shown.size,
            "links": shown.links,
            "merged": shown.merged,
            "problems": [_problem(problem) for problem in shown.problems],
            "made_text": previewing.made_text(body) if body["format"] != "text" else "",
            "sender": body["from_name"] or body["from_email"],
        }
    )


@require_GET
@staff("see")
def find_contacts(request: HttpRequest) -> JsonResponse:
    """Contacts to preview as, by a part of the address or name."""
    found = previewing.find_contacts(request.GET.get("q", ""))
    return JsonResponse(
        {
            "contacts": [
                {
                    "id": person.pk,
                    "name": f"{person.family_name} {person.given_name}".strip() or person.email,
                    "detail": " ・ ".join(word for word in (person.company_name, person.email) if word),
                }
                for person in found
            ]
        }
    )


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # @staff lets nobody else in
    return request.user


def _mail(public_id: str) -> Content:
    content = queries.by_public_id(public_id)
    if content.kind != Kind.MAIL:
        raise NotFound(t("{id} はメールではありません。", "{id} is not a mail.", id=public_id))
    return content


def _json(request: HttpRequest) -> dict[str, Any]:
    asked = json_body(request)
    if not isinstance(asked.get("body", {}), dict) or type(asked.get("revision", 0)) is not int:
        raise drafting.UnableToSaveMail(t("送られた内容を読めません。", "What was sent can't be read."))
    return asked


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "part": problem.part,
        "label": str(PARTS.get(problem.part, problem.part)),
        "what": str(problem.what),
        "fix": str(problem.fix),
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
    }


_WORDS = {
    "no_problems": t("問題は見つかりません", "No problems found"),
    "problems": t("エラー {n}件", "Errors: {n}"),
    "warnings": t("注意 {n}件", "Warnings: {n}"),
    "line": t("{n}行目", "line {n}"),
    "nobody": t("値が空の人", "Somebody without values"),
    "unmerged": t("エラーがあるため、差し込む前の姿を表示しています。", "There are errors: shown before merging."),
    "last_good": t("本文を読めないため、直前の姿を表示しています。", "The body can't be read: shown as it was last."),
    "unreadable": t("本文を読めないため、表示できません。", "The body can't be read, so it can't be shown."),
    "no_html": t("HTMLはありません。", "There is no HTML part."),
    "no_headers": t("エラーを直すと、実際のヘッダーが表示されます。", "Correct the errors to see the real headers."),
    "no_contacts": t("見つかりません", "Nobody found"),
    "insert": t("差し込む", "Insert"),
    "contact": t("見込み顧客", "Contact"),
    "custom": t("独自の項目", "Custom fields"),
    "organisation": t("自社", "Organisation"),
    "link": t("リンク", "Links"),
    "bytes": t("バイト", "bytes"),
}

urlpatterns = [
    path("mails", mails, name="mails"),
    path("mails/new", new_mail, name="new_mail"),
    path("mails/preview", preview_mail, name="preview_mail"),
    path("mails/contacts", find_contacts, name="find_mail_contacts"),
    path("mails/<str:public_id>", mail, name="mail"),
]

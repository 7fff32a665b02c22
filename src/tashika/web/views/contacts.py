"""Contacts: search, the contact's page, add and change, tags, opt-out and consent."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.audiences import schema
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.people import consent, contacts, fields, queries, tagging
from tashika.people.models import Contact, CustomField
from tashika.web.access import staff, user_of
from tashika.web.views import _lists, _timeline
from tashika.web.views.suppression import REASONS

FORM = ("email", *contacts.TEXT_FIELDS)


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The list; with words, what was found as one types. Narrowed by tag, company, consent."""
    narrowing = _lists.narrowing_of(request.GET)
    context = {
        "narrowing": narrowing,
        "address": _lists.address_of(narrowing),
        **_lists.page_of(narrowing, request.GET.get("after", "")),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/contacts/_found.html", context)
    more = {"count": queries.contact_count(), "tags": queries.tags()[:1000], "consents": _lists.CONSENTS.items()}
    return render(request, "web/contacts/list.html", context | more)


@require_GET
@staff("see")
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """One contact: values with their sources, tags, consent, history."""
    found, every = queries.contact(contact_id), request.GET.get("history") == "all"
    timeline = _timeline.of(found, _timeline.LONG if every else _timeline.SHORT)
    context = {
        "contact": found,
        "values": _values(found),
        "tags": queries.tags_of(contact_id),
        "all_tags": queries.tags()[:1000],
        "grounds": _timeline.GROUNDS.items(),
        "suppressed": _suppressed(found),
        "timeline": timeline if every else timeline[: _timeline.SHORT],
        "more": not every and len(timeline) > _timeline.SHORT,
    }
    return render(request, "web/contacts/contact.html", context)


def _suppressed(found: Contact) -> Text | str:
    """Why no mail goes to the address although the person has not opted out; empty where mail may go."""
    entry = queries.suppression_of(found)
    return REASONS.get(entry.reason, entry.reason) if entry and entry.reason != "opt_out" else ""


def _values(found: Contact) -> list[tuple[Any, str, Any]]:
    sources, labels = queries.field_sources(found), schema.labels()
    values = [
        (labels[name], getattr(found, name), sources.get(name, found.source)) for name in FORM if getattr(found, name)
    ]
    if found.owner:
        values.append((labels["owner"], found.owner.name, sources.get("owner", found.source)))
    return values + [
        (field.label, _timeline.shown(field, found.custom[field.key]), sources.get("custom", found.source))
        for field in fields.active()
        if field.key in found.custom
    ]


@require_http_methods(["GET", "POST"])
@staff("edit")
def edit(request: HttpRequest, contact_id: int | None = None) -> HttpResponse:
    """Add a contact, or change one."""
    found = queries.contact(contact_id) if contact_id else None
    values = _given(request, found)
    error = None
    if request.method == "POST":
        try:
            by, now = actor_of(user_of(request)), clock.now()
            if found is None:
                found = contacts.add(values=values, by=by, now=now)
            else:
                contacts.change(contact=found, values=values, by=by, now=now)
            return redirect("contact", found.pk)
        except TashikaError as problem:
            error = problem
    labels = schema.labels()
    context = {
        "contact": found,
        "error": error,
        "fields": [(name, labels[name], values[name]) for name in FORM if name != "note"],
        "note": (labels["note"], values["note"]),
        "owner": (labels["owner"], values["owner"]),
        "people": User.objects.filter(is_active=True).order_by("name"),
        "custom": [(field, values["custom"][field.key], f"custom.{field.key}") for field in fields.active()],
    }
    return render(request, "web/contacts/edit.html", context)


def _given(request: HttpRequest, found: Contact | None) -> dict[str, Any]:
    """What the form shows: as kept at first, then as typed."""
    if request.method != "POST":
        kept = {name: getattr(found, name, "") or "" for name in FORM}
        custom = found.custom if found else {}
        owner = found.owner.email if found and found.owner else ""
        return {**kept, "owner": owner, "custom": {field.key: custom.get(field.key, "") for field in fields.active()}}
    typed = {name: request.POST.get(name, "") for name in (*FORM, "owner")}
    return {**typed, "custom": {field.key: _typed(request, field) for field in fields.active()}}


def _typed(request: HttpRequest, field: CustomField) -> Any:
    name = f"custom.{field.key}"
    several = field.type == CustomField.Type.MULTI_CHOICE
    return request.POST.getlist(name) if several else request.POST.get(name, "")


@require_POST
@staff("edit")
def opt_out(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Record that the person does not want mail any more."""
    found = queries.contact(contact_id)
    consent.opt_out(
        contact_id=found.pk,
        address=found.email,
        now=clock.now(),
        by=actor_of(user_of(request)),
        detail=request.POST.get("detail", ""),
    )
    messages.success(request, str(t("配信を停止しました。", "Opted out.")))
    return redirect("contact", contact_id)


@require_POST
@staff("edit")
def give_consent(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Record how and when the person agreed."""
    consent.give(
        contact=queries.contact(contact_id),
        ground=request.POST.get("ground", "other"),
        detail=request.POST.get("detail", ""),
        by=actor_of(user_of(request)),
        now=clock.now(),
    )
    return redirect("contact", contact_id)


@require_POST
@staff("edit")
def tag(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Put a tag on, or take one off."""
    by, now = actor_of(user_of(request)), clock.now()
    contact_id = queries.contact(contact_id).pk
    if name := request.POST.get("name", "").strip():
        tagging.put_on(tag=tagging.of_name(name, now=now), contact_ids=[contact_id], by=by, now=now)
    elif off := request.POST.get("off", "").strip():
        tagging.take_off(tag=tagging.of_name(off, now=now), contact_ids=[contact_id], by=by, now=now)
    return redirect("contact", contact_id)


@require_POST
@staff("edit")
def delete(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Delete a contact; its suppression and the ledger stay."""
    contacts.delete(contact=queries.contact(contact_id), by=actor_of(user_of(request)), now=clock.now())
    messages.success(request, str(t("削除しました。", "Deleted.")))
    return redirect("contacts")


urlpatterns = [
    path("contacts", index, name="contacts"),
    path("contacts/new", edit, name="new_contact"),
    path("contacts/<int:contact_id>", contact, name="contact"),
    path("contacts/<int:contact_id>/edit", edit, name="edit_contact"),
    path("contacts/<int:contact_id>/opt-out", opt_out, name="opt_out_contact"),
    path("contacts/<int:contact_id>/consent", give_consent, name="give_consent"),
    path("contacts/<int:contact_id>/tag", tag, name="tag_contact"),
    path("contacts/<int:contact_id>/delete", delete, name="delete_contact"),
]

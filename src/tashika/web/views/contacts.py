"""Contacts: search, the contact's page, add and change, opt-out; the suppression list."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.users import actor_of
from tashika.activity.models import Event
from tashika.audiences import schema
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.people import consent, contacts, fields, queries, searching, suppression, tagging
from tashika.people.models import Suppression
from tashika.web.access import staff, user_of

PAGE = 50
FORM = ("email", *contacts.TEXT_FIELDS)
EVENTS: dict[str, Text] = {
    "mail_accepted": t("メールが届いた", "Mail accepted"),
    "mail_refused": t("メールが断られた", "Mail refused"),
    "opened": t("メールを開いた", "Opened a mail"),
    "clicked": t("リンクをクリックした", "Clicked a link"),
}


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The list; with words, what was found as one types."""
    words, after = request.GET.get("q", "").strip(), request.GET.get("after", "0")
    found = searching.search(words).filter(pk__gt=int(after) if after.isdigit() else 0).order_by("pk")[: PAGE + 1]
    rows = list(found)
    context = {"rows": rows[:PAGE], "words": words, "next": rows[PAGE - 1].pk if len(rows) > PAGE else None}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/contacts/_rows.html", context)
    return render(request, "web/contacts/list.html", context | {"count": queries.contact_count()})


@require_GET
@staff("see")
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    """One contact: values with their sources, tags, consent, history."""
    found = queries.contact(contact_id)
    sources, labels = queries.field_sources(found), schema.labels()
    values = [
        (labels[name], getattr(found, name), sources.get(name, found.source)) for name in FORM if getattr(found, name)
    ]
    values += [
        (field.label, found.custom[field.key], sources.get("custom", found.source))
        for field in fields.active()
        if field.key in found.custom
    ]
    events = Event.objects.filter(contact_id=contact_id).order_by("-at")[:100]
    return render(
        request,
        "web/contacts/contact.html",
        {
            "contact": found,
            "values": values,
            "tags": queries.tags_of(contact_id),
            "history": queries.history(contact_id),
            "events": [(one, EVENTS.get(one.kind, one.kind)) for one in events],
        },
    )


@require_http_methods(["GET", "POST"])
@staff("edit")
def edit(request: HttpRequest, contact_id: int | None = None) -> HttpResponse:
    """Add a contact, or change one."""
    found = queries.contact(contact_id) if contact_id else None
    custom = fields.active()
    values = {name: request.POST.get(name, getattr(found, name, "") or "") for name in FORM}
    given = {
        field.key: request.POST.get(f"custom.{field.key}", (found.custom if found else {}).get(field.key, ""))
        for field in custom
    }
    wrong, words = "", ""
    if request.method == "POST":
        try:
            by, now = actor_of(user_of(request)), clock.now()
            if found is None:
                found = contacts.add(values={**values, "custom": given}, by=by, now=now)
            else:
                contacts.change(contact=found, values={**values, "custom": given}, by=by, now=now)
            return redirect("contact", found.pk)
        except TashikaError as error:
            wrong, words = error.where, f"{error.what} {error.fix}"
    labels = schema.labels()
    return render(
        request,
        "web/contacts/edit.html",
        {
            "contact": found,
            "wrong": wrong,
            "words": words,
            "fields": [(name, labels[name], values[name]) for name in FORM],
            "custom": [(field, given[field.key], f"custom.{field.key}") for field in custom],
        },
    )


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


@require_http_methods(["GET", "POST"])
@staff("see")
def suppressed(request: HttpRequest) -> HttpResponse:
    """The suppression list; addresses are added a line each."""
    if request.method == "POST":
        from tashika.accounts.roles import require

        require(user_of(request).role, "edit")
        added = suppression.add(
            addresses=request.POST.get("addresses", "").split(),
            reason="manual",
            detail=request.POST.get("detail", ""),
            by=actor_of(user_of(request)),
            now=clock.now(),
        )
        messages.success(request, str(t("{n}件を追加しました。", "{n} added.", n=added)))
        return redirect("suppression")
    words = request.GET.get("q", "").strip()
    return render(
        request,
        "web/suppression/list.html",
        {
            "rows": queries.suppressions()[:200],
            "words": words,
            "hit": suppression.is_suppressed(words) if "@" in words else None,
        },
    )


@require_POST
@staff("edit")
def lift(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """Take an address off the list, with a reason."""
    found = get_object_or_404(Suppression, pk=suppression_id)
    suppression.lift(suppression=found, why=request.POST.get("why", ""), by=actor_of(user_of(request)), now=clock.now())
    return redirect("suppression")


urlpatterns = [
    path("contacts", index, name="contacts"),
    path("contacts/new", edit, name="new_contact"),
    path("contacts/<int:contact_id>", contact, name="contact"),
    path("contacts/<int:contact_id>/edit", edit, name="edit_contact"),
    path("contacts/<int:contact_id>/opt-out", opt_out, name="opt_out_contact"),
    path("contacts/<int:contact_id>/consent", give_consent, name="give_consent"),
    path("contacts/<int:contact_id>/tag", tag, name="tag_contact"),
    path("contacts/<int:contact_id>/delete", delete, name="delete_contact"),
    path("suppression", suppressed, name="suppression"),
    path("suppression/<int:suppression_id>/lift", lift, name="lift_suppression"),
]

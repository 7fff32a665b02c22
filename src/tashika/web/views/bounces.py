"""What came back: the reports, one report with its parse, and how reports reach us."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery.bounces import hooks, mailbox, queries, settings
from tashika.delivery.bounces.models import Bounce, Hook
from tashika.delivery.bounces.parsing import parts
from tashika.delivery.models import LedgerRow
from tashika.people.models import Contact
from tashika.web.access import staff, user_of

PAGE = 50
SHOWN = 200_000  # characters of a raw report on its page; the file has all of it
WAYS: dict[str, Text] = {
    "mailbox": t("受信箱(IMAP)", "mailbox (IMAP)"),
    "pipe": t("メールサーバーから", "pipe from the mail server"),
    "webhook": t("配信事業者から", "provider's webhook"),
}
TIES: dict[str, Text] = {
    "token": t("戻り先アドレスの署名", "signed return path"),
    "link": t("配信停止リンクの署名", "signed opt-out link"),
    "message_id": t("Message-ID", "Message-ID"),
    "recipient": t("宛先(事業者の報告)", "recipient, by the provider"),
}


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The reports, the newest first, by kind."""
    kind, after, dispatch = (request.GET.get(name, "") for name in ("kind", "after", "dispatch"))
    found = queries.bounces(
        kind=kind if kind in queries.KINDS else "", dispatch_id=int(dispatch) if _is_id(dispatch) else None
    )
    if _is_id(after):
        found = found.filter(pk__lt=int(after))
    rows = list(found[: PAGE + 1])
    counts = queries.counts()
    return render(
        request,
        "web/bounces/list.html",
        {
            "rows": _with_names(rows[:PAGE]),
            "kind": kind,
            "dispatch": dispatch if _is_id(dispatch) else "",
            "next": rows[PAGE - 1].pk if len(rows) > PAGE else None,
            "tabs": [(key, words, counts.get(key, 0)) for key, words in queries.KINDS.items()],
            "total": sum(counts.values()),
            "settings": settings.current(),
        },
    )


@require_GET
@staff("see")
def bounce(request: HttpRequest, bounce_id: int) -> HttpResponse:
    """One report: what was read in it, and the message as it came."""
    found = queries.bounce(bounce_id)
    row = LedgerRow.objects.select_related("dispatch").filter(pk=found.row_id).first() if found.row_id else None
    return render(
        request,
        "web/bounces/bounce.html",
        {
            "bounce": found,
            "named": _named(found),
            "way": WAYS[found.raw.way],
            "tie": TIES.get(found.tied_by),
            "row": row,
            "contact": Contact.objects.filter(pk=found.contact_id).first() if found.contact_id else None,
            "raw": parts.readable(bytes(found.raw.raw)[:SHOWN]),
            "cut": found.raw.size > SHOWN,
        },
    )


@require_GET
@staff("export")
def raw(request: HttpRequest, bounce_id: int) -> HttpResponse:
    """The message as it came, as a file: never shown by the browser as a page of ours."""
    found = queries.bounce(bounce_id)
    name = f"bounce-{bounce_id}.{'json' if found.raw.way == 'webhook' else 'eml'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(found.raw.raw), content_type="application/octet-stream", headers=headers)


@require_http_methods(["GET", "POST"])
@staff("administer")
def set_up(request: HttpRequest) -> HttpResponse:
    """The return path, the policy, the mailbox, the providers."""
    found, wrong, words, values = settings.current(), "", "", {}
    if request.method == "POST":
        values = _values(request)
        try:
            password = request.POST.get("password", "")
            settings.change(values=values, password=password or None, by=user_of(request), now=clock.now())
            messages.success(request, str(t("保存しました。", "Saved.")))
            return redirect("bounce_settings")
        except TashikaError as error:
            wrong, words = error.where, str(error.what)
    return _settings_page(request, {name: values.get(name, getattr(found, name)) for name in _FORM}, wrong, words)


@require_POST
@staff("administer")
def act(request: HttpRequest) -> HttpResponse:
    """Try the mailbox, fetch it now, listen to a provider or no more."""
    by, now, what, provider = user_of(request), clock.now(), request.POST.get("act"), request.POST.get("provider", "")
    if what == "check":
        check = mailbox.check(settings.current())
        (messages.success if check.ok else messages.error)(request, str(check.words))
    elif what == "poll":
        taken, error = mailbox.poll(now=now), settings.current().last_error
        words = error or str(t("{n} 通を取り込みました。", "{n} messages taken.", n=taken))
        (messages.error if error else messages.success)(request, words)
    elif what == "open":
        address = hooks.open_to(provider=provider, signing_key=request.POST.get("signing_key", ""), by=by, now=now)
        return _settings_page(request, {name: getattr(settings.current(), name) for name in _FORM}, address=address)
    elif what == "close":
        hooks.close(provider=provider, by=by, now=now)
    return redirect("bounce_settings")


_FORM = (
    "return_path", "soft_limit", "soft_days", "host", "port", "security", "verify_certificate", "username", "folder",
    "done_folder",
)  # fmt: skip


def _settings_page(
    request: HttpRequest, values: dict[str, Any], wrong: str = "", words: str = "", address: str = ""
) -> HttpResponse:
    opened = {hook.provider: hook for hook in Hook.objects.all()}
    providers = [(key, one, opened.get(key)) for key, one in hooks.PROVIDERS.items()]
    return render(
        request,
        "web/bounces/settings.html",
        {
            "values": values,
            "found": settings.current(),
            "wrong": wrong,
            "words": words,
            "address": address,
            "providers": providers,
        },
    )


def _values(request: HttpRequest) -> dict[str, Any]:
    given: dict[str, Any] = {name: request.POST.get(name, "") for name in _FORM}
    for name in ("soft_limit", "soft_days", "port"):
        given[name] = int(given[name]) if given[name].isdecimal() and len(given[name]) < 7 else 0
    return given | {"verify_certificate": request.POST.get("verify_certificate") == "1"}


def _named(row: Bounce) -> dict[str, Any]:
    """A report with its words for people."""
    return {"bounce": row, "kind": queries.KINDS[row.kind], "reason": queries.REASONS.get(row.reason, "")}


def _with_names(rows: list[Bounce]) -> list[dict[str, Any]]:
    """The reports of a page, each with whom it is about: the address that it names, else the contact's name."""
    ids = {row.contact_id for row in rows if row.contact_id}
    people = Contact.objects.filter(pk__in=ids).only("family_name", "given_name", "company_name")
    names = {one.pk: f"{one.company_name} {one.family_name} {one.given_name}".strip() for one in people}
    return [{**_named(row), "who": row.recipient or names.get(row.contact_id or 0, "")} for row in rows]


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


urlpatterns = [
    path("bounces", index, name="bounces"),
    path("bounces/<int:bounce_id>", bounce, name="bounce"),
    path("bounces/<int:bounce_id>/raw", raw, name="raw_bounce"),
    path("settings/bounces", set_up, name="bounce_settings"),
    path("settings/bounces/act", act, name="bounce_act"),
]

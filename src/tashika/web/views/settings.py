"""Settings: the organisation, people, API keys, relays; the audit trail; the practice inbox."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts import api_keys, roles, users, verifying
from tashika.accounts.models import ApiKey, Role, User
from tashika.accounts.users import actor_of
from tashika.core import audit, clock, organisation, sealing
from tashika.core.errors import TashikaError
from tashika.core.models import AuditEntry, OrganisationSettings
from tashika.core.text import Text, t
from tashika.delivery import queries, relays, verification_mail
from tashika.delivery.models import CaughtMail, Relay
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import _trail

CARRIER_NAMES: dict[str, Text | str] = {
    "docomo": t("ドコモ", "docomo"),
    "au": "au",
    "softbank": t("ソフトバンク", "SoftBank"),
    "ymobile": t("ワイモバイル", "Y!mobile"),
    "rakuten": t("楽天モバイル", "Rakuten Mobile"),
    "yahoo_japan": "Yahoo! JAPAN",
    "gmail": "Gmail",
    "icloud": "iCloud",
    "outlook": "Outlook.com",
}


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """Where to go."""
    return render(request, "web/settings/index.html")


@require_http_methods(["GET", "POST"])
@staff("administer")
def organisation_page(request: HttpRequest) -> HttpResponse:
    """What commercial mail must show."""
    if request.method == "POST":
        organisation.change(
            name=request.POST.get("name", ""),
            postal_address=request.POST.get("postal_address", ""),
            contact=request.POST.get("contact", ""),
            by=actor_of(user_of(request)),
            now=clock.now(),
        )
        messages.success(request, str(t("保存しました。", "Saved.")))
        return redirect("/")
    found = OrganisationSettings.objects.first() or OrganisationSettings()
    return render(request, "web/settings/organisation.html", {"organisation": found})


@require_http_methods(["GET", "POST"])
@staff("administer")
def people(request: HttpRequest) -> HttpResponse:
    """Our own people."""
    by, now = user_of(request), clock.now()
    if request.method == "POST":
        try:
            _change_people(request, by, now)
            words = t("保存しました。", "Saved.")
            if request.POST.get("act") == "mail_verification":
                words = t("確認メールを送りました。", "The verification mail was sent.")
            messages.success(request, str(words))
        except TashikaError as error:
            messages.error(request, f"{error.what} {error.fix}")
        return redirect("people")
    return render(
        request,
        "web/settings/people.html",
        {"people": User.objects.order_by("-is_active", "name"), "roles": [(role, roles.NAMES[role]) for role in Role]},
    )


def _change_people(request: HttpRequest, by: User, now: object) -> None:
    moment = clock.now()
    if request.POST.get("act") == "create":
        users.create(
            email=request.POST.get("email", ""),
            name=request.POST.get("name", ""),
            by=actor_of(by),
            now=moment,
            password=request.POST.get("password", ""),
            role=request.POST.get("role", Role.VIEWER),
        )
        return
    user = get_object_or_404(User, pk=number(request.POST.get("user")))
    act = request.POST.get("act")
    if act == "deactivate":
        users.deactivate(user=user, by=by, now=moment)
    elif act == "reactivate":
        users.reactivate(user=user, by=by, now=moment)
    elif act == "mail_verification":
        verification_mail.send(user=user, by=by, now=moment)
    elif act == "verify":
        verifying.by_word(user=user, by=by, now=moment)
    elif act == "password":
        users.set_password(user=user, password=request.POST.get("password", ""), by=by, now=moment)
    else:
        users.change_role(user=user, role=request.POST.get("role", user.role), by=by, now=moment)


@require_http_methods(["GET", "POST"])
@staff("administer")
def keys(request: HttpRequest) -> HttpResponse:
    """API keys; the key itself is shown once, on the page that follows its making."""
    if request.method == "POST":
        _change_keys(request, user_of(request))
        return redirect("api_keys")
    made = request.session.pop("made_key", None)
    context = {
        "keys": ApiKey.objects.select_related("created_by").order_by("-id"),
        "secret": sealing.unseal("made_key", made.encode()) if made else "",
        "roles": [(role, roles.NAMES[role]) for role in Role],
    }
    response = render(request, "web/settings/keys.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _change_keys(request: HttpRequest, by: User) -> None:
    if request.POST.get("revoke"):
        key = get_object_or_404(ApiKey, pk=number(request.POST["revoke"]))
        api_keys.revoke(key=key, by=by, now=clock.now())
        return
    role, name = request.POST.get("role", Role.VIEWER), request.POST.get("name", "")[:100]
    role = role if role in Role.values else Role.VIEWER
    _, secret = api_keys.make(name=name, role=role, by=by, now=clock.now())
    request.session["made_key"] = sealing.seal("made_key", secret).decode()


@require_GET
@staff("administer")
def relay_list(request: HttpRequest) -> HttpResponse:
    """The servers that take our mail."""
    return render(request, "web/settings/relays.html", {"relays": queries.relays()})


@require_http_methods(["GET", "POST"])
@staff("administer")
def relay(request: HttpRequest, relay_id: int | None = None) -> HttpResponse:
    """Add or change a relay."""
    found = get_object_or_404(Relay, pk=relay_id, practice=False) if relay_id else None
    wrong, words = "", ""
    if request.method == "POST":
        numbers = {key: number(request.POST.get(key)) or 0 for key in ("port", "connections")}
        password = request.POST.get("password", "")
        values = {
            "name": request.POST.get("name", ""),
            "host": request.POST.get("host", ""),
            **numbers,
            "security": request.POST.get("security", ""),
            "verify_certificate": request.POST.get("verify") == "1",
            "username": request.POST.get("username", ""),
            "per_hour": number(request.POST.get("per_hour")),
            "carrier_pace": _carrier_pace(request, found),
            "on_this_host": request.POST.get("on_this_host") == "1",
            "credit_seconds": number(request.POST.get("credit_seconds")) or 0,
            "by": user_of(request),
            "now": clock.now(),
        }
        try:
            if found is None:
                found = relays.create(password=password, **values)  # type: ignore[arg-type]
            else:
                relays.change(found, password=password or None, **values)  # type: ignore[arg-type]
            return redirect("relays")
        except TashikaError as error:
            wrong, words = error.where, str(error.what)
    kept = found.carrier_pace if found else {}
    carriers = [(key, name, kept.get(key)) for key, name in CARRIER_NAMES.items()]
    return render(
        request, "web/settings/relay.html", {"relay": found, "wrong": wrong, "words": words, "carriers": carriers}
    )


def _carrier_pace(request: HttpRequest, found: Relay | None) -> dict[str, int]:
    """What the form says of the carriers it shows; what was set for other domains over the API stays."""
    others = {key: limit for key, limit in (found.carrier_pace if found else {}).items() if key not in CARRIER_NAMES}
    given = {key: number(request.POST.get(f"pace_{key}")) for key in CARRIER_NAMES}
    return others | {key: limit for key, limit in given.items() if limit is not None}


@require_POST
@staff("administer")
def relay_act(request: HttpRequest, relay_id: int) -> HttpResponse:
    """Test, confirm, make default, archive."""
    found, act, by, now = get_object_or_404(Relay, pk=relay_id), request.POST.get("act"), user_of(request), clock.now()
    if act == "check":
        check = relays.check(found)
        (messages.success if check.ok else messages.error)(request, check.words)
    elif act == "try":
        check = relays.send_one(found, sender=by.email, recipient=by.email, message=_try_mail(by))
        (messages.success if check.ok else messages.error)(request, check.words)
    elif act == "confirm":
        relays.confirm(found, by=by, now=now)
    elif act == "default":
        relays.make_default(found, by=by, now=now)
    elif act == "archive":
        relays.archive(found, by=by, now=now)
    return redirect("relays")


def _try_mail(by: User) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = message["To"] = by.email
    message["Subject"] = str(t("Tashika: 送信サーバーの確認", "Tashika: testing a relay"))
    message["Date"] = timezone.localtime(clock.now())
    message.set_content(str(t("このメールが届けば、送信サーバーは使えます。", "If this mail arrives the relay works.")))
    return message.as_bytes()


@require_GET
@staff("see")
def trail(request: HttpRequest) -> HttpResponse:
    """Who did what."""
    subject = request.GET.get("subject", "").strip()
    entries = AuditEntry.objects.order_by("-id")
    if subject:
        entries = entries.filter(subject=subject)
    broken = audit.first_broken_entry() if request.GET.get("verify") else None
    page = Paginator(entries, 100).get_page(request.GET.get("page"))
    return render(
        request,
        "web/settings/audit.html",
        {
            "page": page,
            "lines": [_trail.line_of(entry) for entry in page],
            "subject": subject,
            "broken": broken,
            "verified": bool(request.GET.get("verify")),
        },
    )


@require_GET
@staff("see")
def practice(request: HttpRequest) -> HttpResponse:
    """What the practice-mode catcher took."""
    words = request.GET.get("q", "").strip()
    found = queries.caught_mails().defer("message")
    if words:
        found = found.filter(recipient__icontains=words)
    return render(
        request,
        "web/practice/list.html",
        {"page": Paginator(found, 50).get_page(request.GET.get("page")), "words": words},
    )


@require_GET
@staff("see")
def caught(request: HttpRequest, mail_id: int) -> HttpResponse:
    """One caught mail."""
    found = get_object_or_404(CaughtMail, pk=mail_id)
    message = message_from_bytes(bytes(found.message), policy=policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return render(
        request,
        "web/practice/mail.html",
        {
            "mail": found,
            "headers": message.items(),
            "text": text.get_content() if text else "",
            "html": html.get_content() if html else "",
        },
    )


@require_GET
@staff("see")
def design(request: HttpRequest) -> HttpResponse:
    """The design system."""
    colours = [
        "surface",
        "surface-sunken",
        "border",
        "text",
        "text-muted",
        "accent",
        "accent-soft",
        "danger",
        "warning",
        "success",
    ]
    return render(request, "web/design.html", {"colours": colours})


urlpatterns = [
    path("settings", index, name="settings"),
    path("settings/organisation", organisation_page, name="organisation"),
    path("settings/people", people, name="people"),
    path("settings/api-keys", keys, name="api_keys"),
    path("settings/relays", relay_list, name="relays"),
    path("settings/relays/new", relay, name="new_relay"),
    path("settings/relays/<int:relay_id>", relay, name="relay"),
    path("settings/relays/<int:relay_id>/act", relay_act, name="relay_act"),
    path("audit", trail, name="audit"),
    path("practice", practice, name="practice"),
    path("practice/<int:mail_id>", caught, name="caught_mail"),
    path("design", design, name="design"),
]

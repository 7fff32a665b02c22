"""Sending domains: the sender's check, the signing keys, the records to copy."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from tashika.accounts.models import User
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery import sending_domains, tasks
from tashika.delivery.dkim import keeping, keys
from tashika.delivery.models import DkimKey, SendingDomain
from tashika.delivery.sender_check import checking, queries
from tashika.delivery.sender_check.findings import Record
from tashika.web.access import staff, user_of


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """All of them, each with what its newest check found."""
    now = clock.now()
    found = [queries.checked(domain, now=now) for domain in queries.domains()]
    return render(
        request, "web/sending_domains/list.html", {"domains": found, "not_added": queries.domains_not_added()}
    )


@require_POST
@staff("administer")
def add(request: HttpRequest) -> HttpResponse:
    """Add one and check it."""
    now = clock.now()
    try:
        domain = sending_domains.add(name=request.POST.get("name", ""), by=user_of(request), now=now)
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}")
        return redirect("sending_domains")
    _ask(domain)
    return redirect("sending_domain", domain.name)


@require_GET
@staff("see")
def domain_page(request: HttpRequest, name: str) -> HttpResponse:
    """One domain."""
    domain, now = _domain(name), clock.now()
    found = queries.checked(domain, now=now)
    all_keys = list(queries.keys_of(domain))
    return render(
        request,
        "web/sending_domains/domain.html",
        {
            "domain": domain,
            "checked": found,
            "keys": [(key, _record(key), _leave_until(key)) for key in all_keys if key.retired_at is None],
            "retired": [(key, _leave_until(key)) for key in all_keys if key.retired_at],
            "has_active": any(key.state == "active" for key in all_keys),
        },
    )


@require_GET
@staff("see")
def check_part(request: HttpRequest, name: str) -> HttpResponse:
    """The check alone, which htmx asks for while one is under way."""
    found = queries.checked(_domain(name), now=clock.now())
    return render(request, "web/sending_domains/_check.html", {"checked": found, "domain": found.domain})


@require_POST
@staff("edit")
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Check again."""
    _ask(_domain(name))
    return redirect("sending_domain", name)


@require_POST
@staff("administer")
def change(request: HttpRequest, name: str) -> HttpResponse:
    """The outgoing addresses, or out of use."""
    domain, by, now = _domain(name), user_of(request), clock.now()
    if request.POST.get("act") == "archive":
        sending_domains.archive(domain, by=by, now=now)
        return redirect("sending_domains")
    addresses = request.POST.get("outgoing_addresses", "")
    try:
        sending_domains.set_outgoing_addresses(domain, addresses=addresses, by=by, now=now)
        _ask(domain)
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}")
    return redirect("sending_domain", name)


@require_POST
@staff("administer")
def make_key(request: HttpRequest, name: str) -> HttpResponse:
    """Make one, or one of each algorithm, or the successors of the active ones."""
    domain, by, now = _domain(name), user_of(request), clock.now()
    algorithm = request.POST.get("algorithm", "")
    try:
        if algorithm == "rotate":
            keeping.rotate(domain=domain, by=by, now=now)
        else:
            for one in keys.ALGORITHMS if algorithm == "both" else (algorithm,):
                keeping.make(domain=domain, algorithm=one, by=by, now=now)
        words = t("鍵を作りました。次のレコードをDNSに追加してください。", "Made. Add the record below to the DNS.")
        messages.success(request, str(words))
        _ask(domain)
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}")
    return redirect("sending_domain", name)


@require_POST
@staff("administer")
def key_act(request: HttpRequest, key_id: int) -> HttpResponse:
    """Activate or retire."""
    key = get_object_or_404(DkimKey.objects.select_related("domain"), pk=key_id)
    try:
        words = _act(key, request.POST.get("act", ""), user_of(request))
        messages.success(request, str(words))
        _ask(key.domain)
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}")
    return redirect("sending_domain", key.domain.name)


def _act(key: DkimKey, act: str, by: User) -> Text:
    now = clock.now()
    if act == "retire":
        keeping.retire(key, by=by, now=now)
        return t("鍵を引退させました。レコードは7日間残してください。", "Retired. Leave its record for seven days.")
    keeping.activate(key, by=by, now=now, lookup=checking.new_lookup(), unseen=act == "activate_unseen")
    return t("この鍵で署名します（20秒以内に切り替わります）。", "Signing with this key within 20 seconds.")


def _ask(domain: SendingDomain) -> None:
    checking.ask(domain=domain, now=clock.now())
    tasks.check_sender.defer(domain_id=domain.pk)


def _domain(name: str) -> SendingDomain:
    return get_object_or_404(queries.domains(), name=name)


def _record(key: DkimKey) -> Record:
    return Record(str(key), "TXT", keeping.record_text(key))


def _leave_until(key: DkimKey) -> object:
    """Until when the record has to stay; None for a key that never signed."""
    return key.retired_at + keeping.KEEP_RECORD if key.retired_at and key.activated_at else None


urlpatterns = [
    path("settings/sending-domains", index, name="sending_domains"),
    path("settings/sending-domains/add", add, name="add_sending_domain"),
    path("settings/sending-domains/keys/<int:key_id>", key_act, name="dkim_key_act"),
    path("settings/sending-domains/<str:name>", domain_page, name="sending_domain"),
    path("settings/sending-domains/<str:name>/check", check, name="check_sending_domain"),
    path("settings/sending-domains/<str:name>/check-part", check_part, name="sending_domain_check"),
    path("settings/sending-domains/<str:name>/change", change, name="change_sending_domain"),
    path("settings/sending-domains/<str:name>/keys", make_key, name="make_dkim_key"),
]

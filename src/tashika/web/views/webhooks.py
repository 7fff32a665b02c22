"""Webhooks: what has failed, to be tried again; the secret of each address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from tashika.accounts.users import actor_of
from tashika.core import clock, sealing
from tashika.scenarios.webhooks import endpoints, queries, stopping
from tashika.web.access import staff, user_of
from tashika.web.reading import number

_SHOWN = 100


@require_GET
@staff("see")
def webhooks(request: HttpRequest) -> HttpResponse:
    """Figures, failures, addresses. A new secret is shown once, right after it is made."""
    made = request.session.pop("made_secret", None)
    context = {
        "figures": queries.figures(),
        "failed": queries.failed(_SHOWN),
        "endpoints": queries.endpoints(),
        "secret": sealing.unseal("made_secret", made.encode()) if made else "",
    }
    response = render(request, "web/settings/webhooks.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@staff("publish")
def again(request: HttpRequest) -> HttpResponse:
    """The other side is mended."""
    by = actor_of(user_of(request))
    stopping.try_again(webhook_id=number(request.POST.get("webhook")) or 0, by=by, now=clock.now())
    return redirect("webhooks")


@require_POST
@staff("administer")
def rotate(request: HttpRequest) -> HttpResponse:
    """A new secret for an address."""
    found = queries.endpoints().filter(pk=number(request.POST.get("endpoint")) or 0).first()
    if found is not None:
        secret = endpoints.rotate(url=found.url, by=user_of(request), now=clock.now())
        request.session["made_secret"] = sealing.seal("made_secret", secret).decode()
    return redirect("webhooks")


urlpatterns = [
    path("settings/webhooks", webhooks, name="webhooks"),
    path("settings/webhooks/again", again, name="webhook_again"),
    path("settings/webhooks/rotate", rotate, name="webhook_rotate"),
]

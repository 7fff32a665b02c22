"""送信ロック: why nothing is sent, what was compared, what would leave; and the word that it may (G13)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery.arming import deciding
from tashika.delivery.models import Dispatch
from tashika.web.access import staff, user_of


@require_GET
@staff("see")
def show(request: HttpRequest) -> HttpResponse:
    """What is known at this moment."""
    here = deciding.situation(now=clock.now())
    leaving = deciding.leaving()
    number = sum(one.number for one in leaving if one.state != Dispatch.State.STOPPED)
    context = {"here": here, "leaving": leaving, "number": number, "unmatched": deciding.unmatched()}
    return render(request, "web/arming/show.html", context)


@require_POST
@staff("release")
def arm(request: HttpRequest) -> HttpResponse:
    """Senders may go on."""
    try:
        deciding.arm(
            by=user_of(request),
            hosts=_ids(request, "host"),
            lost=_ids(request, "lost"),
            reason=request.POST.get("reason", ""),
            now=clock.now(),
        )
        messages.success(request, str(t("送信ロックを解除しました。", "Senders are armed.")))
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix or ''}".strip())
    return redirect("arming")


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    found = []
    for words in request.POST.getlist(name):
        try:
            found.append(UUID(words))
        except ValueError:
            continue
    return found


urlpatterns = [
    path("arming", show, name="arming"),
    path("arming/arm", arm, name="arm"),
]

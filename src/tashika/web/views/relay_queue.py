"""The relay's queue after a stop: whose mail is held there, and the page on which a person decides about it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery import queries
from tashika.delivery.models import Dispatch
from tashika.delivery.relay_queue import queries as queue
from tashika.delivery.relay_queue import wishing
from tashika.web.access import staff, user_of
from tashika.web.reading import number

SHOWN = 50  # people on a page
STATES: dict[str, Text] = {
    "held": t("保留中", "Held"),
    "released": t("配達へ出した", "Released"),
    "deleted": t("削除した（届いていない）", "Deleted: never left"),
    "gone": t("Tashika以外が動かした（届いたかもしれない）", "Moved by another hand: it may have arrived"),
}
WISHES: dict[str, Text] = {
    "release": t("配達へ出すところ", "Being released"),
    "delete": t("削除するところ", "Being deleted"),
}


@require_GET
@staff("see")
def held(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Everybody whose mail was held, or one of them (`row`), with what is to be decided."""
    return _page(request, get_object_or_404(queries.dispatches(), pk=dispatch_id), None)


@require_POST
@staff("release")
def decide(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Release or delete one (`row`), or all that nobody has decided on."""
    found, row = get_object_or_404(queries.dispatches(), pk=dispatch_id), number(request.GET.get("row"))
    try:
        _decide(request, dispatch_id, [row] if row else None)
    except TashikaError as problem:
        return _page(request, found, problem)
    return redirect("held_mails", dispatch_id)


def _page(request: HttpRequest, found: Dispatch, error: TashikaError | None) -> HttpResponse:
    dispatch_id, row = int(found.pk), number(request.GET.get("row"))
    after = number(request.GET.get("after")) or 0
    rows = queue.held(dispatch_id, after_id=row - 1 if row else after, limit=1 if row else SHOWN)
    undecided = queue.undecided(dispatch_id)
    values = {
        "dispatch": found,
        "standing": queue.standing(found),
        "rows": rows,
        "row": row,
        "asked": (undecided.filter(pk=row) if row else undecided).count(),
        "states": STATES,
        "wishes": WISHES,
        "next": rows[-1].row_id if len(rows) == SHOWN else None,
        "error": error,
        "given": request.POST,
    }
    return render(request, "web/dispatches/held.html", values, status=error.status if error else 200)


def _decide(request: HttpRequest, dispatch_id: int, rows: list[int] | None) -> None:
    choice, reason, by, now = request.POST.get("choice"), request.POST.get("reason", ""), user_of(request), clock.now()
    if choice == "release":
        wished = wishing.release(dispatch_id=dispatch_id, rows=rows, reason=reason, by=by, now=now)
        words = t("{n}通の保留を解除します。", "{n} will be released.", n=wished.mails)
        if wished.kept_back:
            kept = t("{n}通は、その後に配信停止などになった人なので保留のままです。", "{n} stay on hold: the person has opted out since, or may not get mail.", n=wished.kept_back)  # fmt: skip
            words = t("{a}{b}", "{a} {b}", a=words, b=kept)
    elif choice == "delete":
        wished = wishing.delete(dispatch_id=dispatch_id, rows=rows, reason=reason, by=by, now=now)
        words = t("{n}通を待ち行列から削除します。", "{n} will be deleted out of the queue.", n=wished.mails)
    else:
        raise wishing.UnableToWish(
            t("「配達へ出す」か「削除する」を選んでください。", "Choose “release” or “delete”."), where="choice"
        )
    messages.success(request, str(words))


urlpatterns = [
    path("dispatches/<int:dispatch_id>/held", held, name="held_mails"),
    path("dispatches/<int:dispatch_id>/held/decide", decide, name="decide_held"),
]

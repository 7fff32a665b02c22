"""People in doubt: what is known, and the page on which a person says what became of them."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import queries, settling
from tashika.delivery.evidence import looking
from tashika.delivery.models import Dispatch
from tashika.web.access import staff, user_of
from tashika.web.reading import number

SHOWN = 50  # people that the page names


@require_http_methods(["GET", "POST"])
@staff("release")
def settle(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Settle one person (`row`) or everybody in doubt of a dispatch."""
    found = get_object_or_404(queries.dispatches(), pk=dispatch_id)
    row, error = number(request.GET.get("row")), None
    if request.method == "POST":
        try:
            _settle(request, found, [row] if row else None)
            return redirect(f"{reverse('dispatch', args=[dispatch_id])}?outcome=in_doubt")
        except TashikaError as problem:
            error = problem
    now = clock.now()
    doubts = settling.in_doubt(dispatch_id, rows=[row] if row else None, seen_at=now)
    values = {
        "dispatch": found,
        "row": row,
        "rows": queries.with_names(list(doubts[:SHOWN])),
        "count": doubts.count(),
        "seen_at": now.isoformat(),
        "error": error,
        "given": request.POST,
        **what_is_asked(),
    }
    return render(request, "web/dispatches/settle.html", values, status=error.status if error else 200)


def what_is_asked() -> dict[str, Any]:
    """Which of our own sources of evidence there is, for the pages that show people in doubt."""
    return {"log_is_set": looking.log_is_set(), "log_read_at": looking.log_read_at()}


def _settle(request: HttpRequest, dispatch: Dispatch, rows: list[int] | None) -> None:
    verdict = request.POST.get("verdict")
    if verdict not in ("arrived", "not_arrived"):
        raise settling.UnableToSettle(
            t("「届いた」か「届かなかった」を選んでください。", "Choose “it arrived” or “it did not arrive”."),
            where="verdict",
        )
    settled = settling.by_hand(
        dispatch_id=dispatch.pk,
        rows=rows,
        arrived=verdict == "arrived",
        reason=request.POST.get("reason", ""),
        by=user_of(request),
        seen_at=_moment(request.POST.get("seen_at", "")),
        now=clock.now(),
    )
    what = t("届いた", "arrived") if verdict == "arrived" else t("届かなかった", "did not arrive")
    messages.success(
        request, str(t("{n}人を「{what}」として確定しました。", "Settled as “{what}”: {n}.", n=settled, what=what))
    )


def _moment(words: str) -> datetime:
    """When the list was made that the person saw. Raises UnableToSettle for anything that is no moment."""
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise settling.UnableToSettle(t("一覧を読み直してください。", "Load the list again."))
    return found


urlpatterns = [path("dispatches/<int:dispatch_id>/settle", settle, name="settle")]

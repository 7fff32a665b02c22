"""The suppression list."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from tashika.accounts import roles
from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.text import Text, t
from tashika.people import queries, suppression
from tashika.people.models import Suppression
from tashika.web.access import staff, user_of
from tashika.web.reading import number

PAGE = 100
REASONS: dict[str, Text] = {
    "opt_out": t("本人の配信停止", "Opted out"),
    "hard_bounce": t("宛先不明などで届かない", "Hard bounce"),
    "soft_bounce": t("一時的なエラーが続いた", "Soft bounces"),
    "complaint": t("迷惑メールとして報告された", "Reported as spam"),
    "manual": t("手で追加", "Added by hand"),
    "import": t("取り込み", "Import"),
}


@require_http_methods(["GET", "POST"])
@staff("see")
def suppressed(request: HttpRequest) -> HttpResponse:
    """The list, the newest first; addresses are added a line each."""
    if request.method == "POST":
        roles.require(user_of(request).role, "edit")
        added = suppression.add(
            addresses=request.POST.get("addresses", "").split(),
            reason="manual",
            detail=request.POST.get("detail", ""),
            by=actor_of(user_of(request)),
            now=clock.now(),
        )
        messages.success(request, str(t("{n}件を追加しました。", "{n} added.", n=added)))
        return redirect("suppression")
    words, after = request.GET.get("q", "").strip(), number(request.GET.get("after")) or 0
    found = queries.suppressions()
    rows = list((found.filter(pk__lt=after) if after else found)[: PAGE + 1])
    context = {
        "rows": [(row, REASONS.get(row.reason, row.reason)) for row in rows[:PAGE]],
        "next": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "words": words,
        "hit": suppression.is_suppressed(words) if "@" in words else None,
    }
    return render(request, "web/suppression/list.html", context)


@require_POST
@staff("edit")
def lift(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """Take an address off the list, with a reason."""
    found = get_object_or_404(Suppression, pk=suppression_id)
    suppression.lift(suppression=found, why=request.POST.get("why", ""), by=actor_of(user_of(request)), now=clock.now())
    return redirect("suppression")


urlpatterns = [
    path("suppression", suppressed, name="suppression"),
    path("suppression/<int:suppression_id>/lift", lift, name="lift_suppression"),
]

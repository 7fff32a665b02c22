"""Dispatches: the figures, who got it, who was spared; each list exportable."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.text import Text, t
from tashika.delivery import pausing, queries
from tashika.delivery.bounces import queries as bounces
from tashika.delivery.models import Dispatch
from tashika.delivery.relay_queue import queries as relay_queue
from tashika.delivery.waits import waits_of
from tashika.web import csv_files
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import doubts
from tashika.web.views.relay_queue import STATES
from tashika.web.views.scenarios import EXCLUDED

OUTCOMES: dict[str, Text] = {
    "got": t("届いた人", "Got it"),
    "spared": t("止まった人", "Spared"),
    "in_doubt": t("不明の人", "In doubt"),
    "refused": t("断られた人", "Refused"),
    "excluded": t("除外された人", "Excluded"),
    "waiting": t("これからの人", "Waiting"),
}


@require_GET
@staff("see")
def dispatches(request: HttpRequest) -> HttpResponse:
    """The list, the newest first."""
    rows = [(dispatch, queries.figures(dispatch.pk)) for dispatch in queries.dispatches()[:50]]
    return render(request, "web/dispatches/list.html", {"rows": rows})


@require_GET
@staff("see")
def dispatch(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """One dispatch with its lists."""
    found = get_object_or_404(queries.dispatches(), pk=dispatch_id)
    outcome = request.GET.get("outcome", "got")
    outcome = outcome if outcome in OUTCOMES else "got"
    after, search = number(request.GET.get("after")) or 0, request.GET.get("q", "")
    rows = queries.recipients(dispatch_id, outcome, after_id=after, limit=50, search=search)
    figures = queries.figures(dispatch_id)
    counts = {
        "got": figures.accepted,
        "spared": figures.stopped,
        "in_doubt": figures.in_doubt,
        "refused": figures.refused,
        "excluded": figures.excluded,
        "waiting": figures.queued + figures.sending,
    }
    return render(
        request,
        "web/dispatches/dispatch.html",
        {
            "dispatch": found,
            "figures": figures,
            "waits": waits_of(found, now=clock.now()),
            "came_back": _came_back(dispatch_id),
            "queue": relay_queue.standing(found),
            "rows": _with_queue(rows),
            "outcome": outcome,
            "search": search,
            "tabs": [(key, words, counts[key]) for key, words in OUTCOMES.items()],
            "next": rows[-1].row_id if len(rows) == 50 else None,
            "reasons": EXCLUDED,
            **doubts.what_is_asked(),
        },
    )


@require_POST
@staff("publish")
def try_now(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """What was refused is mended: try one mail at once."""
    get_object_or_404(Dispatch, pk=dispatch_id)
    pausing.try_now(dispatch_id=dispatch_id, by=actor_of(user_of(request)), now=clock.now())
    return redirect("dispatch", dispatch_id)


def _with_queue(rows: list[queries.Recipient]) -> list[tuple[queries.Recipient, str, Text | str]]:
    """Each person with what became of their mail in the relay's queue, where a stop has held it."""
    states = relay_queue.of_rows([row.row_id for row in rows])
    return [(row, states.get(row.row_id, ""), STATES.get(states.get(row.row_id, ""), "")) for row in rows]


def _came_back(dispatch_id: int) -> list[tuple[str, Text, int]]:
    """What was reported of its mails, beside the ledger's own figures: kind, words, number."""
    found = bounces.bounce_figures(dispatch_id)
    return [(key, words, getattr(found, key)) for key, words in bounces.KINDS.items() if getattr(found, key)]


@require_GET
@staff("export")
def export(request: HttpRequest, dispatch_id: int, outcome: str) -> HttpResponseBase:
    """A list as CSV that Excel opens: UTF-8 with BOM, no cell that is a formula."""
    get_object_or_404(Dispatch, pk=dispatch_id)
    if outcome not in OUTCOMES:
        return HttpResponse(status=404)
    blocks = _blocks(dispatch_id, outcome, csv_files.language())
    return csv_files.answer(blocks, name=f"dispatch-{dispatch_id}-{outcome}")


async def _blocks(dispatch_id: int, outcome: str, language: str) -> csv_files.Blocks:
    """A thousand rows at a time: what is sent is forgotten, however many there are."""
    yield [[head.in_language(language) for head in _HEADS]]
    after = 0
    while rows := await sync_to_async(queries.recipients)(dispatch_id, outcome, after_id=after, limit=1000):
        after = rows[-1].row_id
        yield [_cells(row, language) for row in rows]


def _cells(row: queries.Recipient, language: str) -> list[str]:
    with translation.override(language):
        begun = clock.to_the_second(row.begun_at) if row.begun_at else ""
        ended = clock.to_the_second(row.ended_at) if row.ended_at else ""
        why = str(EXCLUDED.get(row.why, row.why))
    names = [row.address, row.company_name, row.family_name, row.given_name]
    return [*names, row.state, why, begun, ended, row.reply, row.message_id]


_HEADS = [
    t("メールアドレス", "Address"),
    t("会社名", "Company"),
    t("姓", "Family name"),
    t("名", "Given name"),
    t("状態", "State"),
    t("理由", "Reason"),
    t("送信開始", "Begun"),
    t("結果の時刻", "Ended"),
    t("相手の返事", "Reply"),
    t("Message-ID", "Message-ID"),
]

urlpatterns = [
    path("dispatches", dispatches, name="dispatches"),
    path("dispatches/<int:dispatch_id>", dispatch, name="dispatch"),
    path("dispatches/<int:dispatch_id>/try", try_now, name="try_dispatch_now"),
    path("dispatches/<int:dispatch_id>/<str:outcome>.csv", export, name="export_dispatch"),
]

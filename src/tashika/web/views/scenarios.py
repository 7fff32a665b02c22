"""Scenarios: the broadcast from its draft to its two lists; a flow's pages are in flows.py and flow_running.py."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

import jpholiday
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.users import actor_of
from tashika.contents import drafting, frozen
from tashika.contents import queries as contents
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import Text, t
from tashika.delivery import queries as delivery
from tashika.delivery import sending_window
from tashika.safeguards import reviewing
from tashika.scenarios import broadcasts, publishing, queries, starting, unpublishing
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import _contents, _flows, flow_running, flows

EXCLUDED: dict[str, Text] = {
    "opted_out": t("配信停止", "Opted out"),
    "suppressed": t("配信除外リスト", "On the suppression list"),
    "no_consent": t("同意の記録がない(広告宣伝メール)", "No consent on record (commercial mail)"),
    "deleted": t("削除された", "Deleted"),
    "address_changed": t("アドレスが変わった", "Address has changed"),
    "handed_over": t("復元前に同じメールが送られている", "The same mail left before the database was put back"),
    "unbuildable": t("メールを作れない", "The mail can't be built"),
    "staff_inactive": t("担当者が無効になっている", "The member is deactivated"),
    "staff_unverified": t("担当者のアドレスが未確認", "The member's address is not verified"),
    "skipped": t("止めたあと、送らないことを選んだ", "Stopped, and chosen not to be sent"),
}
ODDITIES: dict[str, Text] = {
    "no_family_name": t("姓が空", "No family name"),
    "no_given_name": t("名が空", "No given name"),
    "no_company": t("会社名が空", "No company"),
    "digits_in_name": t("名前に数字や@", "Digits or @ in the name"),
    "space_in_name": t("姓に空白", "A space in the family name"),
    "honorific_in_name": t("名前に敬称", "An honorific in the name"),
    "placeholder": t("■●〓の文字", "Placeholder characters"),
    "long_value": t("とても長い値", "A very long value"),
    "no_custom_value": t("差し込む独自項目が空", "A custom field of the mail is empty"),
}


@require_GET
@staff("see")
def scenarios(request: HttpRequest) -> HttpResponse:
    """The list."""
    rows = [(content, queries.latest(content)) for content in contents.of_kind(Kind.SCENARIO)[:200]]
    return render(request, "web/scenarios/list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@staff("edit")
def edit(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """A new broadcast, or the draft of one."""
    content = _scenario(public_id) if public_id else None
    if content is not None and _is_flow(content):
        return flows.editor(request, content)
    if request.method == "POST":
        draft = {
            "type": "broadcast",
            "segment": request.POST.get("segment", ""),
            "mail": request.POST.get("mail", ""),
            "send_at": _moment(request.POST.get("send_at", "")) if request.POST.get("when") == "later" else None,
            "relay": number(request.POST.get("relay")) or None,
        }
        name = request.POST.get("name", "").strip() or str(t("一斉配信", "Broadcast"))
        if content is None:
            content = drafting.create(kind=Kind.SCENARIO, name=name, draft=draft, by=user_of(request), now=clock.now())
        else:
            content = drafting.save(
                content=content,
                draft=draft,
                name=name,
                by=user_of(request),
                now=clock.now(),
                revision=number(request.POST.get("revision")) or None,
            )
        return redirect("scenario" if request.POST.get("only_save") else "review", content.public_id)
    return render(
        request,
        "web/scenarios/edit.html",
        {
            "content": content,
            "draft": content.draft if content else {},
            "segments": contents.of_kind(Kind.SEGMENT),
            "mails": contents.of_kind(Kind.MAIL),
            "relays": [relay for relay in delivery.relays() if relay.confirmed_at],
            "send_at": _local(content),
            "zone": timezone.get_current_timezone_name(),
            "data": _contents.draft_data(content, editable=True) if content else None,
            "freeze": frozen.standing(content) if content else None,
        },
    )


@require_GET
@staff("see")
def scenario(request: HttpRequest, public_id: str) -> HttpResponse:
    """The scenario's page: what it is, what it does now, what it did."""
    content = _scenario(public_id)
    if _is_flow(content):
        return flow_running.show(request, content, shown=_state(content))
    publication = queries.latest(content)
    figures = delivery.figures(publication.dispatch_id) if publication and publication.dispatch_id else None
    return render(
        request,
        "web/scenarios/scenario.html",
        {
            "content": content,
            "freeze": frozen.standing(content),
            "shown": _state(content),
            "publication": publication,
            "figures": figures,
            "reason": queries.why_unpublished(content),
            "live": publication is not None and publication.state in ("waiting", "running"),
            "late": publication is not None and starting.is_late(publication, clock.now()),
            "what_stops": unpublishing.what_stops(content).words,
            "publications": queries.publications(content),
            "segment": _named(content.draft.get("segment")),
            "mail": _named(content.draft.get("mail")),
            "send_at": _local(content),
            "day": _day(content),
        },
    )


@require_GET
@staff("see")
def review(request: HttpRequest, public_id: str) -> HttpResponse:
    """How many, who not and why, ten samples: before publishing."""
    content = _scenario(public_id)
    if _is_flow(content):
        return flow_running.review(request, content)
    try:
        found = reviewing.review(scenario=content, now=clock.now())
    except TashikaError as error:
        messages.error(request, f"{error.what} {error.fix}".strip())
        return redirect("edit_scenario", public_id)
    return render(
        request,
        "web/scenarios/review.html",
        {
            "content": content,
            "review": found,
            "bill": found.clearance.bill_hash.hex(),
            "send_at": _local(content),
            "day": _day(content),
            "begins_at": _waits_for_window(content),
            "segment": _named(content.draft.get("segment")),
            "mail": _named(content.draft.get("mail")),
            "excluded": [(EXCLUDED.get(why, why), number) for why, number in found.forecast.excluded.items()],
            "samples": [(one, [ODDITIES[code] for code in one.oddities]) for one in found.samples],
            "blocked": any(problem.severity == "error" for problem in found.problems) or not found.forecast.planned,
        },
    )


def _waits_for_window(content: Content) -> datetime | None:
    """When the sending window lets it begin; None where it is open at the time to send."""
    moment = _local(content) or clock.now()
    opens_at = sending_window.current().opens_at(moment)
    return opens_at if opens_at > moment else None


@require_POST
@staff("publish")
def publish(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish what was looked at; or publish again, with a choice."""
    content = _scenario(public_id)
    clearance = publishing.Clearance(_bytes(request.POST.get("bill", "")), number(request.POST.get("people")) or 0)
    publishing.publish(
        scenario=content,
        clearance=clearance,
        by=user_of(request),
        now=clock.now(),
        choice=request.POST.get("choice"),
        moves={key[5:]: str(to) or None for key, to in request.POST.items() if key.startswith("move-")},
    )
    starting.start_at_once(people=clearance.people, now=clock.now())
    messages.success(request, str(t("公開しました。", "Published.")))
    return redirect("scenario", public_id)


@require_POST
@staff("publish")
def start_late(request: HttpRequest, public_id: str) -> HttpResponse:
    """A missed publication starts after all."""
    publication = queries.live(_scenario(public_id))
    if publication is not None:
        starting.start_late(publication=publication, by=user_of(request), now=clock.now())
    return redirect("scenario", public_id)


@require_POST
@staff("stop")
def unpublish(request: HttpRequest, public_id: str) -> HttpResponse:
    """非公開: the page answers when it is true."""
    content = _scenario(public_id)
    answer = unpublishing.unpublish(
        scenario=content, by=actor_of(user_of(request)), now=clock.now(), reason=request.POST.get("reason", "")
    )
    if answer is not None and not answer.certain:
        words = t(
            "止めました。ただし {who} の応答がありません。",
            "Stopped, but {who} stayed silent.",
            who=", ".join(answer.silent),
        )
        messages.warning(request, str(words))
    else:
        messages.success(
            request, str(t("非公開にしました。これ以上は1通も出ません。", "Unpublished. Not one more mail leaves."))
        )
    return redirect("scenario", public_id)


@require_GET
@staff("see")
async def events(request: HttpRequest, public_id: str) -> StreamingHttpResponse:
    """Live figures of a scenario's dispatch."""
    content = await sync_to_async(_scenario)(public_id)
    language = translation.get_language() or "ja"  # the request's is forgotten when the figures are read

    async def figures() -> AsyncIterator[str]:
        shown = request.GET.get("shown", "")
        while True:
            state, values = await sync_to_async(_now)(content, language)
            values["reload"] = state != shown
            yield f"data: {json.dumps(values)}\n\n"
            await asyncio.sleep(0.5)

    return StreamingHttpResponse(figures(), content_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _state(content: Content) -> str:
    publication = queries.latest(content)
    return f"{publication.pk}:{publication.state}:{publication.dispatch_id}" if publication else ""


def _now(content: Content, language: str) -> tuple[str, dict[str, object]]:
    publication = queries.latest(content)
    values: dict[str, object] = {}
    if publication is not None and publication.dispatch_id:
        figures = delivery.figures(publication.dispatch_id)
        with translation.override(language):
            last = clock.to_the_second(figures.last_begun_at) if figures.last_begun_at else "–"
        values = {**figures.by_state(), "rate": round(figures.rate), "last": last}
    if _is_flow(content):
        values["nodes"] = _flows.node_figures(content)
    return _state(content), values


def _scenario(public_id: str) -> Content:
    content = contents.by_public_id(public_id)
    if content.kind != Kind.SCENARIO:
        raise NotFound(t("{id} はシナリオではありません。", "{id} is no scenario.", id=public_id))
    return content


def _is_flow(content: Content) -> bool:
    return bool(content.draft.get("type") == "flow")


def _named(public_id: str | None) -> Content | None:
    return contents.by_public_id(public_id) if public_id else None


def _bytes(words: str) -> bytes:
    """A hash as the review's page gives it; nothing that is true of any state if it is none."""
    try:
        return bytes.fromhex(words)
    except ValueError:
        return b""


def _moment(words: str) -> str | None:
    """A moment as the form gives it, in the organisation's time zone."""
    try:
        return timezone.make_aware(datetime.fromisoformat(words)).isoformat() if words else None
    except ValueError as error:
        raise broadcasts.UnableToReadBroadcast(
            t("配信日時を選んでください。", "Choose the time to send."), where="send_at"
        ) from error


def _local(content: Content | None) -> datetime | None:
    send_at = content.draft.get("send_at") if content else None
    return timezone.localtime(datetime.fromisoformat(send_at)) if send_at else None


def _day(content: Content) -> str:
    """What is special about the day: a holiday, a weekend, the night."""
    moment = _local(content)
    if moment is None:
        return ""
    holiday = jpholiday.is_holiday_name(moment.date())
    if holiday:
        return str(t("祝日です（{name}）", "a holiday ({name})", name=holiday))
    if moment.weekday() >= 5:
        return str(t("土日です", "a weekend"))
    return str(t("夜間です", "at night")) if not 8 <= moment.hour < 20 else ""


urlpatterns = [
    path("scenarios", scenarios, name="scenarios"),
    path("scenarios/new/broadcast", edit, name="new_broadcast"),
    path("scenarios/<str:public_id>", scenario, name="scenario"),
    path("scenarios/<str:public_id>/edit", edit, name="edit_scenario"),
    path("scenarios/<str:public_id>/review", review, name="review"),
    path("scenarios/<str:public_id>/publish", publish, name="publish"),
    path("scenarios/<str:public_id>/start", start_late, name="start_late"),
    path("scenarios/<str:public_id>/unpublish", unpublish, name="unpublish"),
    path("scenarios/<str:public_id>/events", events, name="scenario_events"),
]

"""非公開: stop a scenario at once and exactly (G3)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tashika.contents.models import Content
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.text import Text, t
from tashika.delivery import stopping
from tashika.delivery.stopping import StopAnswer
from tashika.scenarios import queries
from tashika.scenarios.flow import stopping as flow_stopping
from tashika.scenarios.models import Publication

State = Publication.State


_NOTHING_ELSE = t(
    "一斉配信には、ほかに止まるアクション（タグづけ・お知らせメール）はありません。",
    "A broadcast has no other action (tagging, staff notification) that would stop.",
)

_OF_A_FLOW = (
    t(
        "まだ送信していないメールとお知らせメールは、送信されなくなります。",
        "Mails and staff notifications that have not left yet will not leave.",
    ),
    t(
        "タグづけ・スコア・Webhook などのアクションも、すべて止まります。",
        "Tagging, scores, webhooks and every other action stop, too.",
    ),
    t(
        "途中の人は、いまの場所で待ちます。もう一度公開するときに、どうするかを選べます。",
        "Whoever is in it waits where they are. Publishing again asks what becomes of them.",
    ),
    t("送信済みのメールは取り消せません。", "What has been accepted can't be called back."),
)


@dataclass(frozen=True, slots=True)
class WhatStops:
    """What unpublishing would stop, said beforehand."""

    words: list[Text]


def what_stops(scenario: Content) -> WhatStops:
    """Everything that stops with the scenario. No counts: while a person reads, they change; the answer has them."""
    if scenario.draft.get("type") == "flow":
        return WhatStops(list(_OF_A_FLOW))
    live = queries.live(scenario)
    if live is not None and live.dispatch_id is None:
        return WhatStops([t("予約した配信は始まりません。", "The scheduled send does not begin."), _NOTHING_ELSE])
    return WhatStops(
        [
            t("まだ送信していないメールは、送信されなくなります。", "Mails that have not left yet will not leave."),
            t(
                "送信中の接続は、その場で打ち切るか、相手の返事を待って記録します。",
                "Connections under way are cut or their reply is awaited and recorded.",
            ),
            t("送信済みのメールは取り消せません。", "What has been accepted can't be called back."),
            _NOTHING_ELSE,
        ]
    )


def unpublish(*, scenario: Content, by: Actor, now: datetime, reason: str = "") -> StopAnswer | None:
    """Unpublish: when this returns, nothing more of the scenario leaves. Any role may (G14); doing it again answers
    again. None when nothing had begun.

    The publication's state and the dispatch's epoch are one commit: no crash between them can leave a scenario that
    calls itself unpublished and goes on sending. The audit trail's lock is taken last, after the gate, as an emergency
    stop does: pressed at once, neither waits for the other.
    """
    if (running := queries.live(scenario)) is not None:
        flow_stopping.forewarn(running)
        if running.dispatch_id is not None:
            stopping.forewarn(running.dispatch_id)
    with transaction.atomic():
        Content.objects.select_for_update().get(pk=scenario.pk)
        publications = Publication.objects.select_for_update().filter(scenario=scenario)
        last = publications.order_by("-id").first()  # locked: one that is just starting is waited for, then stopped
        stops = []
        if last is not None and last.dispatch_id is not None:
            stops = [stopping.press(dispatch_id=last.dispatch_id, by=by, now=now, reason=reason)]
        elif last is not None:
            stops = flow_stopping.press(last, by=by, now=now, reason=reason)
        if last is not None and last.state in (State.WAITING, State.RUNNING):
            last.state, last.unpublished_at = State.UNPUBLISHED, now
            last.unpublished_by_id = by.id if by.kind == "user" else None
            last.save(update_fields=["state", "unpublished_at", "unpublished_by"])
            audit.record(actor=by, verb="unpublish", subject=scenario.public_id, now=now, detail={"reason": reason})
    return flow_stopping.await_answers(last, stops, now=now) if last is not None else None

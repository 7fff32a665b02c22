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
from tashika.scenarios.models import Publication

State = Publication.State


@dataclass(frozen=True, slots=True)
class WhatStops:
    """What unpublishing would stop, said beforehand."""

    words: list[Text]


def what_stops(scenario: Content) -> WhatStops:
    """Everything that stops with the scenario: its mail, and every action in it."""
    return WhatStops(
        [
            t("まだ送信していないメールは、送信されなくなります。", "Mails that have not left yet will not leave."),
            t(
                "送信中の接続は、その場で打ち切るか、相手の返事を待って記録します。",
                "Connections under way are cut or their reply is awaited and recorded.",
            ),
            t(
                "このシナリオで動くタグづけやお知らせメールも止まります。",
                "Tagging and staff notifications of this scenario stop too.",
            ),
            t("すでに届いたメールは取り消せません。", "What has been delivered can't be called back."),
        ]
    )


def unpublish(*, scenario: Content, by: Actor, now: datetime, reason: str = "") -> StopAnswer | None:
    """Unpublish: when this returns, nothing more of the scenario leaves. Any role may (G14); doing it again answers
    again. None when nothing had begun.

    The publication's state and the dispatch's epoch are one commit: no crash between them can leave a scenario that
    calls itself unpublished and goes on sending.
    """
    with transaction.atomic():
        Content.objects.select_for_update().get(pk=scenario.pk)
        publications = Publication.objects.select_for_update().filter(scenario=scenario)
        last = publications.order_by("-id").first()  # locked: one that is just starting is waited for, then stopped
        if last is not None and last.state in (State.WAITING, State.RUNNING):
            last.state, last.unpublished_at = State.UNPUBLISHED, now
            last.unpublished_by_id = by.id if by.kind == "user" else None
            last.save(update_fields=["state", "unpublished_at", "unpublished_by"])
            audit.record(actor=by, verb="unpublish", subject=scenario.public_id, now=now, detail={"reason": reason})
        if last is None or last.dispatch_id is None:
            return None
        stop = stopping.press(dispatch_id=last.dispatch_id, by=by, now=now, reason=reason)
    return stopping.await_answers(stop)

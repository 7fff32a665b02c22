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
    again. None when nothing had begun."""
    with transaction.atomic():
        Content.objects.select_for_update().get(pk=scenario.pk)
        live = scenario.publications.filter(state__in=[State.WAITING, State.RUNNING]).first()
        if live is not None:
            live.state, live.unpublished_at = State.UNPUBLISHED, now
            if by.kind == "user":
                live.unpublished_by_id = by.id
            live.save(update_fields=["state", "unpublished_at", "unpublished_by"])
            audit.record(actor=by, verb="unpublish", subject=scenario.public_id, now=now, detail={"reason": reason})
    last = live or scenario.publications.order_by("-id").first()
    if last is None or last.dispatch_id is None:
        return None
    return stopping.stop_dispatch(dispatch_id=last.dispatch_id, by=by, now=now, reason=reason)

"""Let contacts into a flow by name: what the API does, and a person by hand."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tashika.contents.models import Content
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import Conflict
from tashika.core.text import t
from tashika.scenarios import queries
from tashika.scenarios.flow import entering, running


def enrol(*, scenario: Content, contacts: Sequence[int], by: Actor, now: datetime) -> int:
    """Let them in; how many came in. Who is in it already stays where they are. Raises Conflict where it does not run, or
    where people enter it otherwise."""
    live = queries.live(scenario)
    with transaction.atomic():
        flow = running.locked(int(live.pk)) if live is not None and live.dispatch_id is None else None
        if flow is None:
            raise Conflict(t("{id} は公開中ではありません。", "{id} is not published.", id=scenario.public_id))
        if flow.flow.entry is None or flow.flow.entry["on"] != "api":
            raise Conflict(
                t(
                    "{id} は、APIから入るシナリオではありません。",
                    "{id} is not entered by the API.",
                    id=scenario.public_id,
                ),
                fix=t("開始を「API」にして公開してください。", "Publish it with the entry “API”."),
            )
        entered = entering.enter(flow, audience=("SELECT unnest(%s::bigint[])", [list(contacts)]), now=now)
        detail = {"asked": len(contacts), "entered": entered}
        audit.record(actor=by, verb="enrol", subject=scenario.public_id, now=now, detail=detail)
    return entered

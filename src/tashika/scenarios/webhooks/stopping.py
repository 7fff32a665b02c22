"""Stop the webhooks of a publication (G3), and say afterwards what becomes of those that wait (G8)."""

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.scenarios.webhooks.models import Fence, Webhook

State = Webhook.State
ANSWER_WITHIN = 2.0  # seconds that a stop waits for requests under way
POLL = 0.02


@dataclass(frozen=True, slots=True)
class WebhookStop:
    """What a stop of webhooks did. `under_way` names those whose request had begun and was not answered in time: they may have
    arrived."""

    stopped: int
    under_way: list[int]


def stop(*, publication_id: int, by: Actor, now: datetime) -> WebhookStop:
    """Stop, and answer once nothing more begins. Again is fine. Never inside a transaction."""
    press(publication_id=publication_id, by=by, now=now)
    return await_answer(publication_id=publication_id)


def press(*, publication_id: int, by: Actor, now: datetime) -> None:
    """The press alone, in the caller's transaction: it waits for whoever is just beginning a request."""
    with transaction.atomic():
        fence, _ = Fence.objects.select_for_update().get_or_create(publication_id=publication_id)
        if fence.stopped_at is None:
            fence.stopped_at = now
            fence.save(update_fields=["stopped_at"])
            audit.record(actor=by, verb="stop_webhooks", subject=f"publication:{publication_id}", now=now)


def await_answer(*, publication_id: int) -> WebhookStop:
    """Wait for the requests under way, two seconds at most, once the press is committed."""
    rows, ends = Webhook.objects.filter(publication_id=publication_id), time.monotonic() + ANSWER_WITHIN
    while (under_way := list(rows.filter(state=State.SENDING).values_list("pk", flat=True))) and (
        time.monotonic() < ends
    ):
        time.sleep(POLL)
    return WebhookStop(rows.filter(state=State.QUEUED).count(), under_way)


def release(*, publication_id: int, by: Actor, now: datetime) -> int:
    """Let what waits go after all; how many."""
    with transaction.atomic():
        Fence.objects.filter(publication_id=publication_id).update(stopped_at=None)
        released = Webhook.objects.filter(publication_id=publication_id, state=State.QUEUED).count()
        detail = {"released": released}
        audit.record(actor=by, verb="release_webhooks", subject=f"publication:{publication_id}", now=now, detail=detail)
    return released


def skip(*, publication_id: int, by: Actor, now: datetime) -> int:
    """End what waits, unsent; how many. What is under way ends by its answer."""
    with transaction.atomic():
        waiting = Webhook.objects.filter(publication_id=publication_id, state=State.QUEUED)
        skipped = waiting.update(state=State.SKIPPED, due_at=None, ended_at=now)
        detail = {"not_sent": skipped}
        audit.record(actor=by, verb="skip_webhooks", subject=f"publication:{publication_id}", now=now, detail=detail)
    return skipped


def try_again(*, webhook_id: int, by: Actor, now: datetime) -> bool:
    """A person has mended the other side: a failed one is tried anew, under the same id. Whether it had failed."""
    with transaction.atomic():
        failed = Webhook.objects.filter(pk=webhook_id, state=State.FAILED)
        changed = bool(failed.update(state=State.QUEUED, due_at=now, ended_at=None, tries=0))
        if changed:
            audit.record(actor=by, verb="try_again", subject=f"webhook:{webhook_id}", now=now)
    return changed

"""A dispatch that is refused for our own fault waits: one mail is tried from time to time, and the first that is accepted
lets all of it go on. Nothing is lost by it, and a person can have it tried at once.

A pause is no stop: it ends by itself, by evidence. Called by senders; `try_now` by a person.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import SYSTEM, Actor
from tashika.delivery.models import Dispatch


def pause(*, dispatch_id: int, why: str, minutes: int, now: datetime) -> None:
    """Wait until one mail is tried again. Each further refusal makes it longer; only the first is put on the trail."""
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch_id)
        first = dispatch.pauses == 0
        dispatch.pauses = min(dispatch.pauses + 1, 1000)
        dispatch.paused_until = now + timedelta(minutes=minutes)
        dispatch.paused_why = why[:500]
        dispatch.save(update_fields=["pauses", "paused_until", "paused_why"])
        if first:
            audit.record(actor=SYSTEM, verb="pause", subject=str(dispatch), now=now, detail={"reply": why[:200]})


def resume(*, dispatch_id: int, now: datetime) -> None:
    """A mail was accepted: all of it goes on. Does nothing where it is not paused."""
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch_id)
        if dispatch.pauses:
            dispatch.pauses, dispatch.paused_until = 0, None
            dispatch.save(update_fields=["pauses", "paused_until"])
            audit.record(actor=SYSTEM, verb="resume", subject=str(dispatch), now=now)
            _wake(dispatch_id)


def try_now(*, dispatch_id: int, by: Actor, now: datetime) -> None:
    """A person has mended what was wrong: one mail is tried at once."""
    with transaction.atomic():
        if Dispatch.objects.filter(pk=dispatch_id, pauses__gt=0).update(paused_until=now):
            audit.record(actor=by, verb="try_again", subject=f"dispatch:{dispatch_id}", now=now)
            _wake(dispatch_id)


def _wake(dispatch_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('tashika_work', %s)", [str(dispatch_id)])

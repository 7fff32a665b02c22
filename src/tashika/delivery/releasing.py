"""Let the stopped rows of a dispatch go after all: only by a person's explicit choice (G8)."""

from datetime import datetime

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery.models import Dispatch, Queued


class UnableToRelease(TashikaError):
    """The dispatch is not stopped."""

    code = "unable_to_release"


def release(*, dispatch_id: int, by: Actor, now: datetime) -> int:
    """Let what was stopped be claimed again, at the dispatch's present epoch; the number of rows. What was accepted, refused or is in
    doubt is not touched: nobody gets it twice (G1). Raises UnableToRelease unless the dispatch is stopped."""
    with transaction.atomic():
        dispatch = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch_id)
        if dispatch.state != Dispatch.State.STOPPED:
            raise UnableToRelease(t("この配信は停止していません。", "This dispatch is not stopped."))
        released = Queued.objects.filter(dispatch=dispatch).count()
        dispatch.state = Dispatch.State.SENDING if dispatch.planned else Dispatch.State.PLANNING
        dispatch.give_up_at = max(dispatch.give_up_at, now + (dispatch.give_up_at - dispatch.created_at))
        dispatch.save(update_fields=["state", "give_up_at"])
        audit.record(actor=by, verb="release", subject=str(dispatch), now=now, detail={"released": released})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('tashika_work', %s)", [str(dispatch_id)])
    return released

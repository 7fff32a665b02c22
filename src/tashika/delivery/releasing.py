"""What becomes of the stopped rows of a dispatch: they go after all, or they end unsent. Only by a person's explicit choice
(G8).

    release(dispatch_id, by, now)   the dispatch goes on: what is queued is sent
    skip(dispatch_id, by, now)      what is queued ends as excluded, `skipped`; the dispatch stays stopped

Skipped and then released, a dispatch sends nothing of what was stopped, and takes what is added to it from then on.
"""

from datetime import datetime

from django.db import connection, transaction

from tashika.core import audit, sql
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import planning
from tashika.delivery.models import Claim, Dispatch, Queued


class UnableToRelease(TashikaError):
    """The dispatch is not stopped, or not yet at rest."""

    code = "unable_to_release"


def release(*, dispatch_id: int, by: Actor, now: datetime) -> int:
    """Let what was stopped be claimed again, at the dispatch's present epoch; the number of rows. What was accepted, refused or is in
    doubt is not touched: nobody gets it twice (G1). Raises UnableToRelease unless the dispatch is stopped."""
    with transaction.atomic():
        dispatch = _stopped(dispatch_id)
        released = Queued.objects.filter(dispatch=dispatch).count()
        dispatch.state = Dispatch.State.SENDING if dispatch.planned else Dispatch.State.PLANNING
        dispatch.give_up_at = max(dispatch.give_up_at, now + planning.GIVE_UP_AFTER)
        dispatch.save(update_fields=["state", "give_up_at"])
        audit.record(actor=by, verb="release", subject=str(dispatch), now=now, detail={"released": released})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('tashika_work', %s)", [str(dispatch_id)])
    return released


def skip(*, dispatch_id: int, by: Actor, now: datetime) -> int:
    """End what was stopped and is queued as excluded, because a person chose not to send it; the number of rows. One
    statement over the set. Raises UnableToRelease unless the dispatch is stopped; or while something of it is in a
    sender's hand, of which nobody knows yet whether it comes back to the queue: a minute later it is known."""
    with transaction.atomic():
        dispatch = _stopped(dispatch_id)
        if Claim.objects.filter(dispatch=dispatch, rows__isnull=False).exists():
            raise UnableToRelease(
                t("まだ送信プロセスの手元にあるメールがあります。", "Some mails are still in a sender's hands."),
                fix=t("1分ほど待ってから、もう一度選んでください。", "Wait a minute, then choose again."),
            )
        with connection.cursor() as cursor:
            cursor.execute(sql.load("delivery", "skip"), [dispatch_id])
            skipped = int(cursor.fetchone()[0])
        audit.record(actor=by, verb="skip", subject=str(dispatch), now=now, detail={"not_sent": skipped})
    return skipped


def _stopped(dispatch_id: int) -> Dispatch:
    dispatch = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch_id)
    if dispatch.state != Dispatch.State.STOPPED:
        raise UnableToRelease(t("この配信は停止していません。", "This dispatch is not stopped."))
    return dispatch

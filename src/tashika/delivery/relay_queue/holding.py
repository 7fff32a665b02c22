"""After a stop: what the relay has taken and not delivered is put on hold in its queue, on the host where that queue is.

    look      once the stop is answered: tie the queue's mails to the ledger, hold them, read the queue again
    again     until a look finds nothing more to hold: a mail that Postfix moves while it is asked may be missed; and while
              it delivers some of them at that instant: it finishes those, and they count as left
    watch     now and then, whether what is held is still there; another hand may have moved it
    fulfil    what a person wishes: release or delete (`wishing`)

The stop's own answer never waits for this. What is not in the queue any more has left it; the figures say how many.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Left

from tashika.activity.models import Event
from tashika.core import audit
from tashika.core.actors import SYSTEM
from tashika.core.errors import TashikaError
from tashika.delivery import postfix_queue, queries, settling, states, stopping
from tashika.delivery.models import Dispatch, HeldMail, LedgerRow, QueueLook, Relay, Stop, Tally
from tashika.delivery.relay_queue.queries import is_ours
from tashika.delivery.relay_queue.tying import Tied, tie

OLDEST = timedelta(days=6)  # Postfix gives mails up after five (maximal_queue_lifetime)
UNANSWERED = timedelta(seconds=10)  # after the press: some sender is silent, and the queue is looked at all the same
LONGEST = timedelta(minutes=15)  # that a delivery under way is waited for; Postfix's own limits are shorter
AGAIN = timedelta(seconds=1)  # between two looks while something is under way
IN_VAIN = timedelta(seconds=60)  # likewise, where the queue could not be used since the press at least so long ago
AT_A_TIME = 1000  # wishes fulfilled in one go


def look_after_stops(*, host: UUID, now: datetime) -> bool:
    """Hold what was stopped; True while a stop has to be looked at again in a moment. Raises UnableToReadQueue,
    UnableToChangeQueue; the stop is then looked at again later."""
    recent = Stop.objects.filter(pressed_at__gte=now - OLDEST).order_by("pk")
    done = QueueLook.objects.filter(host_id=host, ended_at__isnull=False)
    again = [_look(stop, host, now) for stop in recent.exclude(pk__in=done.values("stop"))]
    return any(again)


def _look(stop: Stop, host: UUID, now: datetime) -> bool:
    if stop.answered_at is None and stop.pressed_at > now - UNANSWERED:
        return True
    before = QueueLook.objects.filter(stop=stop, host_id=host).first()
    in_vain = before is not None and before.error and stop.pressed_at < now - IN_VAIN
    if before and before.at > now - (IN_VAIN if in_vain else AGAIN):
        return not before.error
    dispatches = _stopped(stop, now)
    if before is None:  # a release that was wished before the stop is not fulfilled after it
        HeldMail.objects.filter(dispatch_id__in=dispatches, wish=HeldMail.Wish.RELEASE).update(wish=HeldMail.Wish.NONE)
    try:
        found = _put_on_hold(dispatches, before.under_way if before else [])
    except TashikaError as error:
        _keep(stop, host, at=now, error=error.words[:500])
        raise
    settled = before is not None and stop.answered_at is not None and not (found.fresh or found.open)
    over = settled or stop.pressed_at <= now - LONGEST
    with transaction.atomic():
        _record(found, host, now)
        figures = _count(before.figures if before else {}, dispatches, found)
        _keep(stop, host, at=now, error="", figures=figures, under_way=found.open, ended_at=now if over else None)
        if over:
            _tell_the_trail(stop, figures, now)
    return not over


def _keep(stop: Stop, host: UUID, **values: object) -> None:
    QueueLook.objects.update_or_create(stop=stop, host_id=host, defaults=values)


def _stopped(stop: Stop, now: datetime) -> dict[int, Dispatch]:
    """The dispatches that this stop still holds: not those that a person has let go on meanwhile."""
    found = Dispatch.objects.select_related("relay", "mail_version__content")
    if stop.dispatch_id is None:
        if stopping.current_emergency_stop() is None:
            return {}
        recent = Tally.objects.filter(last_begun_at__gte=now - OLDEST)
        return found.in_bulk(recent.values_list("dispatch_id", flat=True).distinct())
    one = found.get(pk=stop.dispatch_id)
    went_on = one.state == Dispatch.State.SENDING or (one.finished_at and one.finished_at > stop.pressed_at)
    return {} if went_on else {int(one.pk): one}


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look found on hold: for certain, or while Postfix is delivering it; how many were not on hold before; queue ids
    that an agent had open, delivered by now or not."""

    certain: list[Tied]
    under_way: list[Tied]
    fresh: int
    open: list[str]


def _put_on_hold(dispatches: Iterable[int], before: list[str]) -> _Found:
    """Hold them, and tell apart what Postfix is delivering at this instant: an agent that has one open finishes it. Whoever
    opens one after that finds it no more, so that this is looked at before the queue is. `before` are queue ids that
    were under way: what is left of them in the queue, with nobody to go to, is let go."""
    tied = tie(postfix_queue.waiting(), dispatches)
    fresh = [one.queue_id for one in tied if one.mail.queue != postfix_queue.HELD]
    postfix_queue.hold(fresh)
    ids = {*before, *(one.queue_id for one in tied)}
    busy = postfix_queue.in_delivery(ids)
    held = {one.queue_id: one.recipients for one in postfix_queue.waiting() if one.queue == postfix_queue.HELD}
    postfix_queue.release(one for one in ids if one not in busy and held.get(one) == ())
    still = [one for one in tied if held.get(one.queue_id) == one.mail.recipients]
    certain = [one for one in still if one.queue_id not in busy]
    under_way = [one for one in still if one.queue_id in busy]
    return _Found(certain, under_way, len(fresh), sorted(busy & held.keys()))


def _record(found: _Found, host: UUID, now: datetime) -> None:
    doubts = [one for one in (*found.certain, *found.under_way) if one.row.state == states.IN_DOUBT]
    settling.by_evidence(
        [settling.Verdict(int(one.row.pk), states.ACCEPTED, f"queue {one.queue_id}") for one in doubts], now=now
    )
    known = dict(HeldMail.objects.filter(state=HeldMail.State.HELD).values_list("row_id", "queue_id"))
    fresh = [one for one in found.certain if known.get(int(one.row.pk)) != one.queue_id]
    HeldMail.objects.bulk_create(
        [_held(one, host, now) for one in fresh],
        update_conflicts=True,
        unique_fields=["row_id"],
        update_fields=["host", "queue_id", "held_at", "state", "changed_at", "wish", "wished_by", "reason"],
    )
    tell([one.row for one in fresh], Event.Kind.MAIL_HELD, now)


def _held(one: Tied, host: UUID, now: datetime) -> HeldMail:
    return HeldMail(
        row_id=one.row.pk,
        dispatch_id=one.row.dispatch_id,
        host_id=host,
        queue_id=one.queue_id,
        held_at=now,
        state=HeldMail.State.HELD,
        changed_at=now,
    )


def _count(before: dict[str, Any], dispatches: dict[int, Dispatch], found: _Found) -> dict[str, dict[str, int]]:
    """The figures by dispatch: of those that have, or may have, something in the queue. What was handed over is counted at
    the first look."""
    held, going = (Counter(int(one.row.dispatch_id) for one in tied) for tied in (found.certain, found.under_way))
    counted = {}
    for pk, dispatch in dispatches.items():
        if pk in held or pk in going or is_ours(dispatch):
            handed_over = before[str(pk)]["handed_over"] if str(pk) in before else queries.figures(pk).accepted
            counted[str(pk)] = {"handed_over": handed_over, "held": held[pk], "under_way": going[pk]}
    return counted


def _tell_the_trail(stop: Stop, counted: dict[str, dict[str, int]], now: datetime) -> None:
    for pk, figures in counted.items():
        left = figures["handed_over"] - figures["held"] - figures["under_way"]
        detail = {"stop": stop.pk, "handed_over": figures["handed_over"], "held": figures["held"], "left": left}
        audit.record(actor=SYSTEM, verb="hold_in_queue", subject=f"dispatch:{pk}", now=now, detail=detail)


def watch(*, host: UUID, now: datetime) -> int:
    """See whether what is held is still there; how many another hand has moved. Raises UnableToReadQueue."""
    held = {one.queue_id: one for one in HeldMail.objects.filter(host_id=host, state=HeldMail.State.HELD)}
    if not held:
        return 0
    there = {one.queue_id for one in postfix_queue.waiting() if one.queue == postfix_queue.HELD and one.recipients}
    gone = [one.row_id for queue_id, one in held.items() if queue_id not in there]
    with transaction.atomic():
        rows = _move(gone, HeldMail.State.GONE, now)
        tell(rows, Event.Kind.MAIL_RELEASED, now, by="another hand")
    return len(gone)


def fulfil(*, host: UUID, now: datetime) -> int:
    """Release and delete what people wish; how many mails. Nothing leaves during an emergency stop. What Postfix has open
    at this instant waits for the next time. Raises UnableToReadQueue, UnableToChangeQueue."""
    wished = HeldMail.objects.filter(host_id=host, state=HeldMail.State.HELD).exclude(wish=HeldMail.Wish.NONE)
    if stopping.current_emergency_stop():
        wished = wished.exclude(wish=HeldMail.Wish.RELEASE)
    found = {one.row_id: one for one in wished.order_by("row_id")[:AT_A_TIME]}
    if not found:
        return 0
    ids = {one.queue_id for one in found.values()}
    mails = [one for one in postfix_queue.waiting() if one.queue == postfix_queue.HELD and one.queue_id in ids]
    busy = postfix_queue.in_delivery(ids)
    tied = [one for one in tie(mails, {one.dispatch_id for one in found.values()}) if one.queue_id not in busy]
    ours = [one for one in tied if one.row.pk in found and found[one.row.pk].queue_id == one.queue_id]
    _release([one for one in ours if found[one.row.pk].wish == HeldMail.Wish.RELEASE], now)
    _delete([one for one in ours if found[one.row.pk].wish == HeldMail.Wish.DELETE], found, now)
    return len(ours)


def _release(ours: list[Tied], now: datetime) -> None:
    if ours:
        with transaction.atomic():
            tell(_move([one.row.pk for one in ours], HeldMail.State.RELEASED, now), Event.Kind.MAIL_RELEASED, now)
            postfix_queue.release(one.queue_id for one in ours)


def _delete(ours: list[Tied], found: dict[int, HeldMail], now: datetime) -> None:
    """Delete them; only what is really gone then is on record as deleted."""
    if not ours:
        return
    postfix_queue.delete(one.queue_id for one in ours)
    there = {one.queue_id for one in postfix_queue.waiting()}
    deleted = [one for one in ours if one.queue_id not in there]
    with transaction.atomic():
        tell(_move([one.row.pk for one in deleted], HeldMail.State.DELETED, now), Event.Kind.MAIL_DELETED, now)
        for reason in {found[one.row.pk].reason for one in deleted}:
            rows = [one.row.pk for one in deleted if found[one.row.pk].reason == reason]
            words = Value(f" [deleted from the relay's queue: {reason}]"[:300])
            LedgerRow.objects.filter(pk__in=rows).update(reply=Concat(Left(F("reply"), 200), words))


def _move(rows: list[int], state: HeldMail.State, now: datetime) -> list[LedgerRow]:
    HeldMail.objects.filter(row_id__in=rows).update(state=state, wish=HeldMail.Wish.NONE, changed_at=now)
    return list(LedgerRow.objects.filter(pk__in=rows).defer("merge_values"))


def tell(rows: list[LedgerRow], kind: str, now: datetime, **detail: str) -> None:
    """Put it into the contacts' activity; notices to staff are in nobody's."""
    dispatches = Dispatch.objects.select_related("mail_version__content").in_bulk({row.dispatch_id for row in rows})
    numbers = {pk: one.mail_version.content.number for pk, one in dispatches.items()}
    Event.objects.bulk_create(
        Event(
            at=now,
            contact_id=row.contact_id,
            kind=kind,
            dispatch_id=row.dispatch_id,
            mail_number=numbers[row.dispatch_id],
            detail=detail,
        )
        for row in rows
        if row.contact_id is not None
    )


def note_whether_it_works(*, words: str) -> None:
    """Put why the queue can't be used where an administrator sees it; nothing: it can."""
    Relay.objects.filter(on_this_host=True).exclude(queue_error=words[:500]).update(queue_error=words[:500])

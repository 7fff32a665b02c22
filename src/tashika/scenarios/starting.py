"""Start what is due, and finish what is done. Called every second by the worker; every step can be done twice."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.audiences import matching
from tashika.core import audit
from tashika.core.actors import SYSTEM
from tashika.core.errors import TashikaError
from tashika.delivery import planning
from tashika.delivery.models import Dispatch, Relay
from tashika.scenarios import unpublishing
from tashika.scenarios.models import Publication

log = logging.getLogger("tashika.scenarios")
State = Publication.State

LATE = timedelta(hours=1)  # what is later than this does not start by itself (listmonk #1801 sent after a restore)
AT_ONCE = 10_000  # people; planning them takes about half a second


def start_due(*, now: datetime) -> int:
    """Start the publications whose time has come; how many. One that is late by more than an hour waits for a person."""
    started = 0
    due = Publication.objects.filter(state=State.WAITING, send_at__lte=now, send_at__gt=now - LATE)
    for key in due.order_by("send_at").values_list("pk", flat=True):
        started += _start(key, now)
    _plan_what_a_crash_left(now)
    _finish(now)
    return started


def start_at_once(*, people: int, now: datetime) -> None:
    """What has just been published begins before its publisher looks again; a larger audience is left to the worker,
    which looks every second, so that no request waits for the planning."""
    if people <= AT_ONCE:
        start_due(now=now)


def is_late(publication: Publication, now: datetime) -> bool:
    """Whether a publication was missed, by a machine that was off, and waits for a person's word."""
    return publication.state == State.WAITING and publication.send_at <= now - LATE


def start_late(*, publication: Publication, by: User, now: datetime) -> None:
    """A person says that a late publication shall start after all. Raises NotAllowed."""
    require(by.role, "publish")
    with transaction.atomic():
        if Publication.objects.filter(pk=publication.pk, state=State.WAITING).update(send_at=now):
            late = {"publication": publication.pk, "was_due": publication.send_at.isoformat()}
            audit.record(
                actor=actor_of(by), verb="start_late", subject=publication.scenario.public_id, now=now, detail=late
            )


def _start(key: int, now: datetime) -> int:
    with transaction.atomic():
        publication = (
            Publication.objects.select_for_update(skip_locked=True).filter(pk=key, state=State.WAITING).first()
        )
        if publication is None:
            return 0
        dispatch = planning.open_dispatch(
            reason=f"publication:{publication.pk}",
            name=publication.mail.name,
            mail_version=publication.mail,
            relay=_relay(publication),
            give_up_at=now + planning.GIVE_UP_AFTER,
            now=now,
        )
        publication.dispatch_id, publication.state = int(dispatch.pk), State.RUNNING
        publication.save(update_fields=["dispatch_id", "state"])
    _plan(publication, now)
    return 1


def _plan(publication: Publication, now: datetime) -> None:
    """Plan the dispatch. What can't be planned is unpublished with the reason, and does not keep others waiting."""
    version = publication.segment
    dispatch = Dispatch.objects.get(pk=int(publication.dispatch_id or 0))
    try:
        planning.plan(dispatch=dispatch, audience=matching.audience_sql(version.body, version.content_id), now=now)
    except TashikaError as error:
        log.warning("can't be planned", extra={"publication": publication.pk, "code": error.code})
        reason = f"{error.what} {error.where}".strip()
        unpublishing.unpublish(scenario=publication.scenario, by=SYSTEM, now=now, reason=reason)
    except DatabaseError:
        log.exception("could not be planned; again in a second", extra={"publication": publication.pk})


def _plan_what_a_crash_left(now: datetime) -> None:
    planning_ids = list(Dispatch.objects.filter(state=Dispatch.State.PLANNING).values_list("pk", flat=True)[:50])
    for publication in Publication.objects.filter(state=State.RUNNING, dispatch_id__in=planning_ids):
        _plan(publication, now)


def _finish(now: datetime) -> None:
    running = dict(Publication.objects.filter(state=State.RUNNING).values_list("dispatch_id", "pk"))
    done = Dispatch.objects.filter(pk__in=list(running), state=Dispatch.State.FINISHED).values_list("pk", flat=True)
    keys = [running[dispatch] for dispatch in done]
    Publication.objects.filter(pk__in=keys, state=State.RUNNING).update(state=State.FINISHED)


def _relay(publication: Publication) -> Relay | None:
    """The relay that was chosen. One that was archived meanwhile still is it: the sender says that it can't be used."""
    chosen = publication.scenario_version.body.get("relay")
    return Relay.objects.filter(pk=chosen).first() if chosen else None

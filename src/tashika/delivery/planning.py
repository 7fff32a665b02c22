"""Open a dispatch and write its ledger: one row per planned mail, committed before anything leaves (G1, G4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tashika.contents.models import Version
from tashika.core import config, sql
from tashika.core.models import OrganisationSettings
from tashika.delivery.models import Dispatch, Relay
from tashika.mails import merge_values

URGENT, STEP, BULK = 1, 3, 5  # priorities: tests and apologies; step mails; everything else
GIVE_UP_AFTER = timedelta(days=2)  # how long refusals of what is added or released are tried again
_COARSE = timedelta(hours=1)  # a dispatch's `give_up_at` moves in steps: senders compile its mail anew each time

Audience = tuple[str, Sequence[Any]]  # a SELECT of contact ids with its parameters
Pairs = tuple[str, Sequence[Any]]  # a SELECT of contact id and user id with its parameters


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many of an audience would get a mail, and how many not, by reason."""

    planned: int = 0
    excluded: dict[str, int] = field(default_factory=dict)


def open_dispatch(
    *,
    reason: str,
    name: str,
    mail_version: Version,
    relay: Relay | None,
    give_up_at: datetime,
    now: datetime,
    priority: int = BULK,
    to_staff: bool = False,
) -> Dispatch:
    """The dispatch of a reason; opened if it is not there yet, so that asking twice opens one (G1). What has a smaller
    `priority` goes first, also before what waits in a sender's memory, and may run ahead of the relay's pace a little. One
    `to_staff` takes notices (`notify`) in place of contacts."""
    dispatch, _ = Dispatch.objects.get_or_create(
        reason=reason,
        defaults={
            "name": name,
            "mail_version": mail_version,
            "relay": relay,
            "state": Dispatch.State.PLANNING,
            "commercial": not to_staff and is_commercial(mail_version.body),
            "to_staff": to_staff,
            "organisation": organisation_values(),
            "give_up_at": give_up_at,
            "priority": priority,
            "created_at": now,
        },
    )
    return dispatch


def plan(*, dispatch: Dispatch, audience: Audience, now: datetime) -> int:
    """Write the ledger of a dispatch and let it be sent; the number of rows. One statement over the set.

    A dispatch that is past planning keeps the audience it has: planning twice plans once. While the rows are written,
    however many, the dispatch is not locked, so that a stop never waits for them. Whoever finds at the end that it was
    stopped meanwhile leaves no row at all: nobody was planned, and the stop's figures stay true.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        begun = Dispatch.objects.get(pk=dispatch.pk)
        if begun.state != Dispatch.State.PLANNING or not _alone(cursor, begun):
            return int(begun.planned)
        planned, _ = _write(cursor, begun, audience, now)
        current = Dispatch.objects.select_for_update(no_key=True).get(pk=begun.pk)
        if (current.state, current.epoch) != (begun.state, begun.epoch):
            transaction.set_rollback(True)
            return 0
        current.planned = planned
        current.state = Dispatch.State.SENDING
        current.save(update_fields=["planned", "state"])
        _wake(cursor, current)
    return planned


def add(
    *, dispatch: Dispatch, audience: Audience, now: datetime, give_up_after: timedelta = GIVE_UP_AFTER
) -> int | None:
    """Append people to a dispatch, whether it is being planned, is sending or has finished: the mails of a step, a few at a
    time over weeks. The number of rows written, queued or excluded; who has a row already gets no second one (G1). None
    where the dispatch is stopped: nothing was added, and the people stay whose they are.

    One statement over the set, in the caller's transaction. Several adds at once wait for each other. From here until
    the caller commits a stop of this dispatch waits too, so that its figures are exact (G3): add last, then commit; and
    whoever adds to several dispatches in one transaction does it in the order of their ids. Other dispatches, claims and
    records wait for nothing. What is refused for the time being is tried again for `give_up_after` at least.
    """
    return _append(dispatch, audience, now, give_up_after)


def notify(*, dispatch: Dispatch, pairs: Pairs, now: datetime, give_up_after: timedelta = GIVE_UP_AFTER) -> int | None:
    """Append notices to a dispatch that is `to_staff`, each about one contact to one of our own users: as `add` in all it says,
    with one row, once, for each pair. Excluded with the reason are users who have left (`staff_inactive`) and addresses
    that nobody has verified (`staff_unverified`). The contact's opt-out is no reason; whoever is deleted is told of no more.
    The merge values are the contact's. Of a notice the contact's activity hears nothing."""
    return _append(dispatch, pairs, now, give_up_after)


def _append(dispatch: Dispatch, whom: Audience | Pairs, now: datetime, give_up_after: timedelta) -> int | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('plan'), %s)", [dispatch.pk])
        begun = Dispatch.objects.select_related("mail_version").get(pk=dispatch.pk)
        if begun.state == Dispatch.State.STOPPED:
            return None
        rows, queued = _write(cursor, begun, whom, now)
        current = Dispatch.objects.select_for_update(no_key=True).get(pk=begun.pk)
        if current.state == Dispatch.State.STOPPED or current.epoch != begun.epoch:
            transaction.set_rollback(True)
            return None
        if rows:
            _grow(current, rows, queued, now + give_up_after)
        if queued:
            _wake(cursor, current)
    return rows


def _grow(dispatch: Dispatch, rows: int, queued: int, give_up_at: datetime) -> None:
    """A dispatch, locked, has got more rows."""
    dispatch.planned += rows
    if queued or dispatch.state == Dispatch.State.PLANNING:
        dispatch.state, dispatch.finished_at = Dispatch.State.SENDING, None
    if give_up_at - dispatch.give_up_at > _COARSE:
        dispatch.give_up_at = give_up_at
    dispatch.save(update_fields=["planned", "state", "finished_at", "give_up_at"])


def _write(cursor: CursorWrapper, dispatch: Dispatch, whom: Audience | Pairs, now: datetime) -> tuple[int, int]:
    """Write the rows of an audience, or of notices: how many, and how many of them are queued."""
    whom_sql, whom_values = whom
    values_sql, values = merge_values.values_sql(merge_values.fields_of(dispatch.mail_version.body))
    if dispatch.to_staff:
        statement = sql.load("delivery", "plan_notices").format(
            pairs=whom_sql, merge_values=values_sql, staff_eligibility=staff_eligibility()
        )
    else:
        statement = sql.load("delivery", "plan").format(
            audience=whom_sql, merge_values=values_sql, eligibility=eligibility()
        )
    cursor.execute(statement, [*values, *whom_values, dispatch.pk, now])
    rows, queued = cursor.fetchone()
    return int(rows), int(queued)


def _wake(cursor: CursorWrapper, dispatch: Dispatch) -> None:
    cursor.execute("SELECT pg_notify('tashika_work', %s)", [str(dispatch.pk)])


def _alone(cursor: CursorWrapper, dispatch: Dispatch) -> bool:
    """Whether nobody else is planning this dispatch; until the transaction ends nobody will."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('plan'), %s)", [dispatch.pk])
    return bool(cursor.fetchone()[0])


def preview(*, audience: Audience, commercial: bool) -> Forecast:
    """What `plan` would do with this audience at this moment."""
    audience_sql, audience_values = audience
    statement = sql.load("delivery", "forecast").format(audience=audience_sql, eligibility=eligibility())
    with connection.cursor() as cursor:
        cursor.execute(statement, [commercial, *audience_values])
        counts = {str(why): int(number) for why, number in cursor.fetchall()}
    planned = counts.pop("", 0)
    return Forecast(planned, counts)


def organisation_values() -> dict[str, str]:
    """What mails say of the organisation and where their links lead, as it is now."""
    organisation = OrganisationSettings.objects.first() or OrganisationSettings()
    return {
        "name": organisation.name,
        "postal_address": organisation.postal_address,
        "contact": organisation.contact,
        "base_url": config.base_url(),
    }


def is_commercial(body: dict[str, Any]) -> bool:
    """Whether 特定電子メール法 applies to a mail: unless it says that it is operational, it does."""
    return body.get("category") != "operational"


def eligibility() -> str:
    """The SQL that judges a contact, without its comment: planning, forecast and claim judge by the same words (G5)."""
    return _without_comment("eligibility")


def staff_eligibility() -> str:
    """The SQL that judges one of our own staff, likewise."""
    return _without_comment("staff_eligibility")


def _without_comment(name: str) -> str:
    text = sql.load("delivery", name)
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))

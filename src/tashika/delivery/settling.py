"""Settle rows in doubt (G2): by evidence, or by a person who knows.

`accepted` is a mail that arrived, `refused` one that did not. There is no way back, and whichever it is, the mail is
never sent again. What settled a row stands in its reply and in the contact's activity; the audit trail has who or what,
how many and why, once for each dispatch.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sql
from tashika.core.actors import SYSTEM, Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import states
from tashika.delivery.models import LedgerRow

log = logging.getLogger("tashika.delivery")
_NAMED = 20  # rows that an audit entry names, and pieces of evidence
REASON = 300  # characters


class UnableToSettle(TashikaError):
    """No reason was given, or nothing is in doubt."""

    code = "unable_to_settle"
    status = 422


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a row in doubt. `words` begin with the source: `bounce:12 hard 5.1.1`, `opened`, `user:3 …`."""

    row: int
    state: str  # accepted | refused
    words: str


def by_evidence(verdicts: Iterable[Verdict], *, now: datetime) -> int:
    """Settle these rows as far as they are in doubt; how many were."""
    return _settle(list(verdicts), by=SYSTEM, detail={}, now=now)


def by_hand(
    *,
    dispatch_id: int,
    arrived: bool,
    reason: str,
    by: User,
    now: datetime,
    rows: Iterable[int] | None = None,
    seen_at: datetime | None = None,
) -> int:
    """A person says what became of these rows of a dispatch (None: of all in doubt); how many were settled. `seen_at`: the
    moment of the list that the person saw; who fell into doubt later is left. Raises UnableToSettle, NotAllowed."""
    require(by.role, "release")
    if not reason.strip() or len(reason.strip()) > REASON:
        raise UnableToSettle(
            t("理由を{n}文字以内で入力してください。", "Give a reason of at most {n} characters.", n=REASON),
            where="reason",
        )
    state = states.ACCEPTED if arrived else states.REFUSED
    words = f"user:{by.pk} {' '.join(reason.split())}"
    found = in_doubt(dispatch_id, rows=rows, seen_at=seen_at).values_list("pk", flat=True)
    settled = _settle(
        [Verdict(row, state, words) for row in found],
        by=actor_of(by),
        detail={"reason": reason.strip()},
        now=now,
    )
    if not settled:
        raise UnableToSettle(
            t("不明のままの人は、もういません。", "Nobody of them is in doubt any more."),
            fix=t("一覧を読み直してください。", "Load the list again."),
        )
    return settled


def in_doubt(
    dispatch_id: int | None, *, rows: Iterable[int] | None = None, seen_at: datetime | None = None
) -> QuerySet[LedgerRow]:
    """Rows in doubt, in the ledger's order: of a dispatch, some of it, or (dispatch None) all."""
    found = LedgerRow.objects.filter(exception=states.IN_DOUBT).order_by("pk")
    if dispatch_id is not None:
        found = found.filter(dispatch_id=dispatch_id)
    if rows is not None:
        found = found.filter(pk__in=list(rows))
    if seen_at is not None:
        found = found.filter(Q(ended_at=None) | Q(ended_at__lte=seen_at))
    return found


def _settle(verdicts: list[Verdict], *, by: Actor, detail: dict[str, Any], now: datetime) -> int:
    if not verdicts:
        return 0
    parameters: dict[str, Any] = {
        "now": now,
        "ids": [one.row for one in verdicts],
        "states": [one.state for one in verdicts],
        "words": [one.words for one in verdicts],
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql.load("delivery", "settle_doubts"), parameters)
            settled = cursor.fetchall()
        of_dispatch: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        for row, dispatch, state, words in settled:
            of_dispatch[dispatch].append((row, state, words))
        for dispatch, moved in sorted(of_dispatch.items()):
            _record(dispatch, moved, by, detail, now)
            log.info("rows in doubt settled by %s", by.kind, extra={"dispatch": dispatch, "rows": len(moved)})
    return len(settled)


def _record(dispatch: int, moved: list[tuple[int, str, str]], by: Actor, detail: dict[str, Any], now: datetime) -> None:
    counted = [state for _, state, _ in moved]
    values: dict[str, Any] = {
        "arrived": counted.count(states.ACCEPTED),
        "not_arrived": counted.count(states.REFUSED),
        "rows": [row for row, _, _ in moved[:_NAMED]],
        **detail,
    }
    if not detail:
        values["evidence"] = sorted({words for _, _, words in moved})[:_NAMED]
    audit.record(actor=by, verb="settle_doubts", subject=f"dispatch:{dispatch}", now=now, detail=values)

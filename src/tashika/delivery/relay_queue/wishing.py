"""A person decides about mails that a stop has put on hold in the relay's queue: release them, or delete them for good.

The wish is on record at once; the host where the queue is fulfils it within a second or so. A stop of the dispatch does not
forbid a release of single mails, for only a person can ask for it (G14); an emergency stop does, until it is released. Each
person is judged again (G5): who may not get the mail any more is left on hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sql
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import planning, stopping
from tashika.delivery.models import HeldMail

REASON = 300  # characters
_NAMED = 20  # rows that an audit entry names


class UnableToWish(TashikaError):
    """No reason was given, nothing is held, or all sending is stopped."""

    code = "unable_to_decide_about_held"
    status = 422


@dataclass(frozen=True, slots=True)
class Wished:
    """How many mails will be released or deleted, and how many stay on hold because the person may not get mail now."""

    mails: int
    kept_back: int = 0


def release(*, dispatch_id: int, reason: str, by: User, now: datetime, rows: Iterable[int] | None = None) -> Wished:
    """Let held mails of a dispatch go (`rows` None: all). Raises UnableToWish, NotAllowed."""
    require(by.role, "release")
    if stopping.current_emergency_stop():
        raise UnableToWish(
            t("緊急停止中は解除できません。", "Nothing is released during an emergency stop."),
            fix=t("先に緊急停止を解除してください。", "Release the emergency stop first."),
        )
    with transaction.atomic():
        asked = _asked(dispatch_id, rows)
        fit = _fit(asked)
        detail = _wish(HeldMail.Wish.RELEASE, fit, reason, by) | {"kept_back": len(asked) - len(fit)}
        audit.record(actor=actor_of(by), verb="release_held", subject=f"dispatch:{dispatch_id}", now=now, detail=detail)
    return Wished(len(fit), len(asked) - len(fit))


def delete(*, dispatch_id: int, reason: str, by: User, now: datetime, rows: Iterable[int] | None = None) -> Wished:
    """Delete held mails of a dispatch (`rows` None: all) out of the relay's queue: they never leave. Raises UnableToWish,
    NotAllowed."""
    require(by.role, "release")
    with transaction.atomic():
        asked = _asked(dispatch_id, rows)
        detail = _wish(HeldMail.Wish.DELETE, asked, reason, by)
        audit.record(actor=actor_of(by), verb="delete_held", subject=f"dispatch:{dispatch_id}", now=now, detail=detail)
    return Wished(len(asked))


def _wish(wish: HeldMail.Wish, rows: list[int], reason: str, by: User) -> dict[str, Any]:
    """Note it; what the audit trail tells of it."""
    words = " ".join(reason.split())
    if not words or len(words) > REASON:
        raise UnableToWish(
            t("理由を{n}文字以内で入力してください。", "Give a reason of at most {n} characters.", n=REASON),
            where="reason",
        )
    HeldMail.objects.filter(row_id__in=rows).update(wish=wish, wished_by=actor_of(by).label[:200], reason=words)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('tashika_work', 'held')")
    return {"people": len(rows), "rows": rows[:_NAMED], "reason": words}


def _asked(dispatch_id: int, rows: Iterable[int] | None) -> list[int]:
    held = HeldMail.objects.select_for_update().filter(
        dispatch_id=dispatch_id, state=HeldMail.State.HELD, wish=HeldMail.Wish.NONE
    )
    if rows is not None:
        held = held.filter(row_id__in=list(rows))
    found = [int(pk) for pk in held.order_by("row_id").values_list("pk", flat=True)]
    if not found:
        raise UnableToWish(
            t("保留中のメールは、もうありません。", "None of them is held any more."),
            fix=t("一覧を読み直してください。", "Load the list again."),
        )
    return found


def _fit(rows: list[int]) -> list[int]:
    statement = sql.load("delivery", "fit_to_leave").replace("{eligibility}", planning.eligibility())
    statement = statement.replace("{staff_eligibility}", planning.staff_eligibility())
    with connection.cursor() as cursor:
        cursor.execute(statement, [rows])
        return [int(row) for (row,) in cursor.fetchall()]

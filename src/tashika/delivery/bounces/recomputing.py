"""Read all kept reports anew: after an upgrade of the parser, or when counts are doubted.

What was judged on a reading that no longer holds is judged anew; an address that was suppressed by it, and has no other
ground left, comes off the list. The reports themselves and the ledger are not touched.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.delivery.bounces import judging, settling, taking
from tashika.delivery.bounces.models import Bounce, RawReport
from tashika.delivery.bounces.parsing.report import Kind
from tashika.people import suppression
from tashika.people.models import Suppression

_MEANING = ("kind", "row_id")


@dataclass(slots=True)
class Recomputed:
    """How many were read, how many now say something else, how many suppressions were lifted for it."""

    read: int = 0
    changed: int = 0
    lifted: int = 0


def recompute(*, by: Actor, now: datetime, progress: Callable[[int], None] = lambda done: None) -> Recomputed:
    """Read everything anew, report by report, each in a commit of its own: it may be broken off and run again."""
    outcome = Recomputed()
    taking.read_what_is_unread(now=now)
    for number in RawReport.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=1000):
        with transaction.atomic():
            _read_anew(number, outcome, by, now)
        outcome.read += 1
        progress(outcome.read)
    detail = {"read": outcome.read, "changed": outcome.changed, "lifted": outcome.lifted}
    audit.record(actor=by, verb="recompute_bounces", subject="bounces", now=now, detail=detail)
    return outcome


def _read_anew(number: int, outcome: Recomputed, by: Actor, now: datetime) -> None:
    kept = RawReport.objects.select_for_update().get(pk=number)
    bounce = Bounce.objects.get(raw=kept)
    before = {name: getattr(bounce, name) for name in _MEANING}
    hashes = {bytes(bounce.address_hash)} if bounce.address_hash is not None else set()
    values, tied = taking.look_at(kept)
    for name, value in values.items():
        setattr(bounce, name, value)
    bounce.save(update_fields=list(values))
    if before == {name: getattr(bounce, name) for name in _MEANING}:
        return
    outcome.changed += 1
    for address_hash in hashes:
        outcome.lifted += _lift_without_ground(address_hash, by, now)
    if tied is not None:
        judging.judge(bounce, row=tied.row, now=now)
        settling.settle([int(tied.row.pk)], now=now)


def _lift_without_ground(address_hash: bytes, by: Actor, now: datetime) -> int:
    found = Suppression.objects.filter(address_hash=address_hash, reason__in=["hard_bounce", "soft_bounce"]).first()
    if found is None or not found.detail.startswith("bounce:"):
        return 0
    hard = Bounce.objects.filter(address_hash=address_hash, kind=Kind.HARD).exists()
    if hard or judging.soft_limit_reached(address_hash, now=now):
        return 0
    suppression.lift(suppression=found, why="recomputed", by=by, now=now)
    return 1

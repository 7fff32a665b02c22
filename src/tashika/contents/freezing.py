"""Freeze contents for an incident, and lift it (G7). The database refuses, too: see the triggers of migration 0004."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.contents import versions
from tashika.contents.models import Content, Freeze
from tashika.core import audit
from tashika.core.actors import Actor


def freeze(*, contents: Iterable[Content], incident: str, by: Actor, now: datetime) -> list[Freeze]:
    """Freeze contents for an incident such as I-3; what it has frozen before stays as it is.

    The draft of each is kept as a version first, so that what was frozen can be named for ever. Whoever is saving at
    this moment ends before or is refused: the rows are locked, in their order.
    """
    with transaction.atomic():
        made = [_freeze(content, incident, by, now) for content in _locked(contents)]
    return [one for one in made if one is not None]


def lift(*, contents: Iterable[Content], incident: str, by: Actor, now: datetime) -> int:
    """Lift an incident's freeze; how many were lifted. What another incident holds stays frozen."""
    lifted = 0
    with transaction.atomic():
        for content in _locked(contents):
            open_ones = Freeze.objects.filter(content=content, by_incident=incident, lifted_at=None)
            if open_ones.update(lifted_at=now):
                lifted += 1
                audit.record(
                    actor=by, verb="lift_freeze", subject=content.public_id, now=now, detail={"incident": incident}
                )
    return lifted


def _locked(contents: Iterable[Content]) -> list[Content]:
    keys = {content.pk for content in contents}
    return list(Content.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _freeze(content: Content, incident: str, by: Actor, now: datetime) -> Freeze | None:
    if Freeze.objects.filter(content=content, by_incident=incident, lifted_at=None).exists():
        return None
    person = User.objects.filter(pk=by.id).first() if by.kind == "user" and by.id is not None else None
    version = versions.keep(content=content, by=person, now=now)
    made = Freeze.objects.create(content=content, by_incident=incident, since=now)
    detail = {"incident": incident, "version": version.number}
    audit.record(actor=by, verb="freeze", subject=content.public_id, now=now, detail=detail)
    return made

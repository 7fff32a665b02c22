"""Make a former state the draft again."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.contents import drafting, frozen, kinds, versions
from tashika.contents.models import Content, Version
from tashika.contents.states import State
from tashika.core import audit


@dataclass(frozen=True, slots=True)
class Restored:
    """The content with its draft, and the version in which the draft before is kept: restoring that undoes it."""

    content: Content
    kept: Version


def restore(*, state: State, by: User, now: datetime, revision: int | None = None) -> Restored:
    """Make a state the draft. The draft that stands is kept as a version first, so that nothing is lost.

    Raises Frozen (G7), SavedMeanwhile if `revision` is not the draft's any more, and what the kind says to a body that
    it no longer accepts.
    """
    draft = kinds.of(state.content.kind).accepted(state.body)
    with transaction.atomic():
        current = frozen.locked(state.content)
        if revision is not None and revision != current.draft_revision:
            raise drafting.SavedMeanwhile(current)
        kept = _kept(current, by, now)
        saved = drafting.save(content=current, draft=draft, name=state.name, by=by, now=now, apart=True)
        detail = {"from": state.ref, "kept": kept.number}
        audit.record(actor=actor_of(by), verb="restore_draft", subject=saved.public_id, now=now, detail=detail)
    return Restored(saved, kept)


def _kept(current: Content, by: User, now: datetime) -> Version:
    """The version that holds the draft as it stands: one that has it already, or a new one."""
    same = current.versions.filter(name=current.name, body=current.draft).order_by("-number").first()
    return same or versions.keep(content=current, by=by, now=now)

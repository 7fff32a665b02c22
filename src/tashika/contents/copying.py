"""Copy a content: from its draft, or from any former state. A frozen one can be copied; the copy is not frozen."""

from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.contents import drafting, kinds
from tashika.contents.models import Content
from tashika.contents.states import State
from tashika.core import audit
from tashika.core.text import t


def copy(*, state: State, by: User, now: datetime, name: str = "") -> Content:
    """A new content of the same kind with that state as its draft. Raises UnableToName."""
    ways = kinds.of(state.content.kind)
    chosen = name.strip() or str(t("{name} のコピー", "Copy of {name}", name=state.name))[: drafting.LONGEST_NAME]
    with transaction.atomic():
        made = drafting.create(kind=state.content.kind, name=chosen, draft=ways.for_copy(state.body), by=by, now=now)
        ways.copied(state.content, made, now)
        audit.record(
            actor=actor_of(by),
            verb="copy_content",
            subject=made.public_id,
            now=now,
            detail={"from": f"{state.content.public_id} {state.ref}"},
        )
    return made

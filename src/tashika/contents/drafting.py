"""Create contents and save their drafts."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.contents import frozen, revisions
from tashika.contents.models import LETTERS, Content, Kind
from tashika.core import audit
from tashika.core.actors import SYSTEM, Actor
from tashika.core.errors import Conflict, TashikaError
from tashika.core.text import t

LONGEST_NAME = 200  # characters, as the column


class UnableToName(TashikaError):
    """The name of a content is too long."""

    code = "unable_to_name"
    status = 422


class SavedMeanwhile(Conflict):
    """Somebody else saved first; `current` is the content as they left it."""

    def __init__(self, current: Content) -> None:
        who = current.draft_saved_by.name if current.draft_saved_by else "Tashika"
        super().__init__(
            t("{who} さんが先に保存しました。", "{who} has saved meanwhile.", who=who),
            fix=t(
                "最新の下書きを開いて、変更を入れ直してください。", "Open the latest draft and make your change again."
            ),
        )
        self.current = current


def create(*, kind: str, name: str, draft: dict[str, Any], by: User | None, now: datetime) -> Content:
    """Create a content with its first draft. Numbers of a kind rise without reuse. Raises UnableToName."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"contents:{kind}"])
        last = Content.objects.filter(kind=kind).order_by("-number").values_list("number", flat=True).first()
        content = Content.objects.create(
            kind=Kind(kind),
            number=(last or 0) + 1,
            name=_fitting(name) or LETTERS[kind],
            draft=draft,
            draft_saved_at=now,
            draft_saved_by=by,
            created_at=now,
            created_by=by,
        )
        revisions.remember(content, label=_actor(by).label, now=now)
        audit.record(actor=_actor(by), verb="create_content", subject=content.public_id, now=now, detail={"name": name})
    return content


def save(
    *,
    content: Content,
    draft: dict[str, Any],
    by: User | None,
    now: datetime,
    name: str | None = None,
    revision: int | None = None,
    apart: bool = False,
) -> Content:
    """Save the draft. `revision` is the one that the editor had loaded. `apart` keeps the draft that stood in the history,
    even if the same person saved it a moment ago: for what replaces it as a whole.

    Raises SavedMeanwhile, overwriting nothing, when somebody saved meanwhile; Frozen while an incident holds it (G7);
    UnableToName.
    """
    with transaction.atomic():
        current = frozen.locked(content)
        if revision is not None and revision != current.draft_revision:
            raise SavedMeanwhile(current)
        current.draft = draft
        current.name = _fitting(name or "") or current.name
        current.draft_revision += 1
        current.draft_saved_at = now
        current.draft_saved_by = by
        current.save(update_fields=["draft", "name", "draft_revision", "draft_saved_at", "draft_saved_by"])
        revisions.remember(current, label=_actor(by).label, now=now, apart=apart)
        audit.record(
            actor=_actor(by),
            verb="save_draft",
            subject=current.public_id,
            now=now,
            detail={"revision": current.draft_revision},
        )
    return current


def _fitting(name: str) -> str:
    name = name.strip()
    if len(name) > LONGEST_NAME:
        raise UnableToName(
            t("名前は{n}文字以内にしてください。", "A name has at most {n} characters.", n=LONGEST_NAME), where="name"
        )
    return name


def _actor(by: User | None) -> Actor:
    return Actor("user", by.pk, str(by)) if by else SYSTEM


def set_aside(*, content: Content, draft: dict[str, Any], name: str, by: User, now: datetime) -> None:
    """Keep what a person had written when another had saved first, and did not choose: it never becomes the draft.

    Raises Frozen, UnableToName.
    """
    with transaction.atomic():
        current = frozen.locked(content)
        revisions.set_aside(current, name=_fitting(name), draft=draft, by=by, label=_actor(by).label, now=now)
        audit.record(
            actor=_actor(by),
            verb="set_draft_aside",
            subject=current.public_id,
            now=now,
            detail={"revision": current.draft_revision},
        )

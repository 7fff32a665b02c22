"""States of a content: the draft, its versions (v3), the drafts that people left (r12), what was set aside (a7).

Any of them can be looked at, compared, copied, and made the draft again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tashika.contents import differences, kinds
from tashika.contents.differences import Change
from tashika.contents.models import Content, DraftRevision, Version
from tashika.contents.outlines import Part
from tashika.core.errors import NotFound
from tashika.core.text import Text, t


@dataclass(frozen=True, slots=True)
class State:
    """A content as it was: `ref` is draft, v3, r12 or a7; `began_at` differs from `at` where several saves are one row."""

    content: Content
    ref: str
    label: Text
    name: str
    body: Mapping[str, Any]
    at: datetime
    by: str
    began_at: datetime
    version: Version | None = None

    @property
    def outline(self) -> list[Part]:
        """What stood in it, in words; the name first."""
        return [
            Part("name", str(t("名前（社内用）", "Name (for yourselves)")), self.name),
            *kinds.of(self.content.kind).outline(self.body),
        ]


@dataclass(frozen=True, slots=True)
class Moment:
    """A content at a moment: its draft, its newest version, and who was editing just then. All empty before it was made."""

    draft: State | None
    version: State | None
    being_edited_by: str = ""


def find(content: Content, ref: str) -> State:
    """A state by its ref. Raises NotFound."""
    match = re.fullmatch(r"([vra])(\d{1,9})", ref)
    if ref == "draft":
        return of_draft(content)
    found: State | None = None
    if match and match[1] == "v":
        version = content.versions.select_related("made_by").filter(number=int(match[2])).first()
        found = of_version(content, version) if version else None
    elif match:
        row = _revision(content, match[1] == "a", int(match[2]))
        found = of_revision(content, row) if row else None
    if found is None:
        raise NotFound(t("{id} の {ref} はありません。", "{id} has no {ref}.", id=content.public_id, ref=ref[:20]))
    return found


def difference(before: State, after: State) -> list[Change]:
    """What differs between two states."""
    return differences.between(before.outline, after.outline)


def at(content: Content, moment: datetime) -> Moment:
    """The content as it was at a moment, to the few minutes that one person's saves are kept together for."""
    rows = DraftRevision.objects.filter(content=content, aside=False)
    row = rows.filter(last_at__lte=moment).order_by("-last_revision").first()
    during = rows.filter(first_at__lte=moment, last_at__gt=moment).order_by("first_revision").first()
    version = content.versions.select_related("made_by").filter(made_at__lte=moment).order_by("-number").first()
    return Moment(
        of_revision(content, row) if row else None,
        of_version(content, version) if version else None,
        during.by_label if during else "",
    )


def of_draft(content: Content) -> State:
    """The draft as it stands."""
    who = content.draft_saved_by.name if content.draft_saved_by else "Tashika"
    at = content.draft_saved_at
    return State(content, "draft", t("下書き", "Draft"), content.name, content.draft, at, who, at)


def of_version(content: Content, version: Version) -> State:
    """A version."""
    who = version.made_by.name if version.made_by else "Tashika"
    label = t("v{n}", "v{n}", n=version.number)
    at = version.made_at
    return State(content, f"v{version.number}", label, version.name, version.body, at, who, at, version)


def of_revision(content: Content, row: DraftRevision) -> State:
    """A draft as somebody left it."""
    if row.aside:
        ref, label = f"a{row.pk}", t("選ばれなかった内容", "Set aside")
    else:
        ref, label = f"r{row.last_revision}", t("下書き（保存{n}）", "Draft (save {n})", n=row.last_revision)
    return State(content, ref, label, row.name, row.draft, row.last_at, row.by_label, row.first_at)


def _revision(content: Content, aside: bool, number: int) -> DraftRevision | None:
    rows = DraftRevision.objects.filter(content=content, aside=aside)
    if aside:
        return rows.filter(pk=number).first()
    return rows.filter(first_revision__lte=number, last_revision__gte=number).first()

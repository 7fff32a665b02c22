"""Mails: drafts, what is wrong with them, previews."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tashika.api import drafts
from tashika.api.app import actor_of, person_of, require
from tashika.api.drafts import ContentOut, ContentPage, DraftIn, VersionOut
from tashika.api.paging import After, Limit
from tashika.contents import archiving, drafting
from tashika.contents.models import Content, Kind
from tashika.core import clock
from tashika.core.text import t
from tashika.mails import drafting as mail_drafts
from tashika.mails import merge_values, previewing
from tashika.mails.starting_designs import EMPTY
from tashika.people import queries as people

router = Router(tags=["mails"])


class ProblemOut(Schema):
    """What is wrong, in which part, where, and what to do. Errors stand against publishing, warnings do not."""

    part: str
    line: int
    column: int
    severity: str
    what: str
    fix: str


class PreviewIn(Schema):
    """The contact to preview as; nobody: somebody of whom nothing is known."""

    contact: int | None = None


class PreviewOut(Schema):
    """The mail as one person would get it. With errors in it `merged` is false and the fields stand as written."""

    subject: str
    html: str
    text: str
    headers: list[list[str]]
    size: int
    links: list[str]
    merged: bool
    problems: list[ProblemOut]


class MergeFieldOut(Schema):
    """A merge field, written {{ name }}."""

    name: str
    label: str
    group: str


@router.get("/mails", response=ContentPage)
def list_mails(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """The mails, the highest number first."""
    require(request, "see")
    return drafts.listed(Kind.MAIL, after=after, limit=limit)


@router.post("/mails", response={201: ContentOut})
def add_mail(request: HttpRequest, values: DraftIn) -> Status[Content]:
    """A new mail. The draft's entries: subject, preheader, from_name, from_email, reply_to, format (mjml, html, text),
    mjml, html, text, text_auto, category (commercial, operational), track_opens, track_clicks. A draft with problems
    may be saved, not sent."""
    require(request, "edit")
    draft = _accepted(values.draft)
    made = drafting.create(kind=Kind.MAIL, name=values.name, draft=draft, by=person_of(request), now=clock.now())
    return Status(201, made)


@router.get("/mails/fields", response=list[MergeFieldOut])
def merge_fields(request: HttpRequest) -> list[dict[str, str]]:
    """The merge fields that there are."""
    require(request, "see")
    return [{"name": one.name, "label": str(one.label), "group": one.group} for one in merge_values.menu()]


@router.get("/mails/{public_id}", response=ContentOut)
def get_mail(request: HttpRequest, public_id: str) -> Content:
    """One mail."""
    require(request, "see")
    return drafts.of(Kind.MAIL, public_id)


@router.put("/mails/{public_id}", response=ContentOut)
def save_mail(request: HttpRequest, public_id: str, values: DraftIn) -> Content:
    """Save the draft; entries that are left out stay as they are."""
    require(request, "edit")
    content = drafts.of(Kind.MAIL, public_id)
    return drafting.save(
        content=content,
        draft=_accepted({**content.draft, **values.draft}),
        name=values.name,
        revision=values.revision,
        by=person_of(request),
        now=clock.now(),
    )


@router.delete("/mails/{public_id}", response={204: None})
def archive_mail(request: HttpRequest, public_id: str) -> Status[None]:
    """Take it out of the list. Its versions stay."""
    require(request, "edit")
    archiving.archive(content=drafts.of(Kind.MAIL, public_id), by=actor_of(request), now=clock.now())
    return Status(204, None)


@router.get("/mails/{public_id}/problems", response=list[ProblemOut])
def problems(request: HttpRequest, public_id: str) -> list[dict[str, Any]]:
    """What is wrong with it, with the place."""
    require(request, "see")
    return [problem_out(one) for one in mail_drafts.problems(drafts.of(Kind.MAIL, public_id).draft)]


@router.post("/mails/{public_id}/preview", response=PreviewOut)
def preview(request: HttpRequest, public_id: str, values: PreviewIn) -> dict[str, Any]:
    """The mail as a contact would get it, by the code that builds the real one."""
    require(request, "see")
    contact = people.contact(values.contact) if values.contact is not None else None
    shown = previewing.preview(drafts.of(Kind.MAIL, public_id).draft, contact=contact, now=clock.now())
    return {
        "subject": shown.subject,
        "html": shown.html,
        "text": shown.text,
        "headers": [list(one) for one in shown.headers],
        "size": shown.size,
        "links": shown.links,
        "merged": shown.merged,
        "problems": [problem_out(one) for one in shown.problems],
    }


@router.get("/mails/{public_id}/versions", response=list[VersionOut])
def mail_versions(request: HttpRequest, public_id: str) -> list[dict[str, Any]]:
    """Its versions, the newest first."""
    require(request, "see")
    return drafts.versions_of(drafts.of(Kind.MAIL, public_id))


def problem_out(problem: Any) -> dict[str, Any]:
    """A problem in the caller's language."""
    return {
        "part": problem.part,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "what": str(problem.what),
        "fix": str(problem.fix),
    }


def _accepted(draft: dict[str, Any]) -> dict[str, Any]:
    for key in draft:
        if key not in EMPTY:
            raise mail_drafts.UnableToSaveMail(
                t("メールに {key} という項目はありません。", "A mail has no {key}.", key=key), where=key
            )
    return mail_drafts.accepted(draft)

"""What came back: the reports, and how they reach us."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from tashika.api.app import person_of, require
from tashika.api.paging import After, Limit, page
from tashika.core import clock
from tashika.delivery.bounces import mailbox, queries, settings
from tashika.delivery.bounces.models import Bounce, BounceSettings
from tashika.delivery.models import Dispatch

router = Router(tags=["bounces"])
Kind = Literal["hard", "soft", "complaint", "delayed", "delivered", "auto_reply", "unknown"]


class BounceOut(Schema):
    """A report. `tied_by` is the trace that led to its mail; empty while there is none, and then it counts for nobody.
    `code` is an enhanced status code (RFC 3463)."""

    id: int
    at: datetime
    kind: Kind
    reason: str
    code: str
    words: str
    subject: str
    format: str
    recipient: str
    tied_by: str
    row_id: int | None
    dispatch_id: int | None
    contact_id: int | None


class BouncePage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[BounceOut]
    next: int | None


class BounceRawOut(BounceOut):
    """A report with the message as it came; bytes that are no text are replaced. `size` is in bytes."""

    way: Literal["mailbox", "pipe", "webhook"]
    provider: str
    size: int
    raw: str


class BounceFiguresOut(Schema):
    """What came back of a dispatch: every mail counts once, by the gravest that was reported of it."""

    complaint: int
    hard: int
    soft: int
    delayed: int
    auto_reply: int
    unknown: int
    delivered: int


class BounceSettingsOut(Schema):
    """How reports reach us, and what they lead to; the password is never shown."""

    return_path: str
    soft_limit: int
    soft_days: int
    host: str
    port: int
    security: str
    verify_certificate: bool
    username: str
    folder: str
    done_folder: str
    polled_at: datetime | None
    last_error: str


class BounceSettingsIn(Schema):
    """Only what is given is changed. A password that is null stays as it is."""

    return_path: str | None = Field(None, max_length=254)
    soft_limit: int | None = None
    soft_days: int | None = None
    host: str | None = Field(None, max_length=253)
    port: int | None = None
    security: Literal["tls", "starttls", "none"] | None = None
    verify_certificate: bool | None = None
    username: str | None = Field(None, max_length=200)
    password: str | None = Field(None, max_length=1000)
    folder: str | None = Field(None, max_length=100)
    done_folder: str | None = Field(None, max_length=100)


class MailboxCheckOut(Schema):
    """Whether the mailbox can be read, and the words."""

    ok: bool
    words: str


@router.get("/bounces", response=BouncePage)
def list_bounces(
    request: HttpRequest,
    kind: Kind | None = None,
    dispatch: int | None = Query(None, ge=1, le=2**63 - 1),
    contact: int | None = Query(None, ge=1, le=2**63 - 1),
    after: After = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """The reports, the newest first; by kind, dispatch, contact."""
    require(request, "export")
    found = queries.bounces(kind=kind or "", dispatch_id=dispatch, contact_id=contact)
    return page(found, key="pk", after=after, limit=limit, newest_first=True)


@router.get("/bounces/{bounce_id}", response=BounceRawOut)
def get_bounce(request: HttpRequest, bounce_id: int) -> dict[str, Any]:
    """One report with the message as it came."""
    require(request, "export")
    found = get_object_or_404(Bounce.objects.select_related("raw"), pk=bounce_id)
    kept = found.raw
    more = {"way": kept.way, "provider": kept.provider, "size": kept.size}
    values = {name: getattr(found, name) for name in BounceOut.model_fields}
    return values | more | {"raw": bytes(kept.raw).decode("utf-8", "replace")}


@router.get("/dispatches/{dispatch_id}/bounces", response=BounceFiguresOut)
def figures(request: HttpRequest, dispatch_id: int) -> queries.BounceFigures:
    """What came back of a dispatch, beside the ledger's figures."""
    require(request, "see")
    get_object_or_404(Dispatch, pk=dispatch_id)
    return queries.bounce_figures(dispatch_id)


@router.get("/bounce-settings", response=BounceSettingsOut)
def get_settings(request: HttpRequest) -> BounceSettings:
    """How reports reach us."""
    require(request, "administer")
    return settings.current()


@router.patch("/bounce-settings", response=BounceSettingsOut)
def change_settings(request: HttpRequest, values: BounceSettingsIn) -> BounceSettings:
    """Change some of it."""
    require(request, "administer")
    given = {name: value for name, value in values.dict().items() if value is not None}
    password = given.pop("password", None)
    return settings.change(values=given, password=password, by=person_of(request), now=clock.now())


@router.post("/bounce-settings/check", response=MailboxCheckOut)
def check_mailbox(request: HttpRequest) -> dict[str, Any]:
    """Log in to the mailbox and find its folders; nothing is taken."""
    require(request, "administer")
    outcome = mailbox.check(settings.current())
    return {"ok": outcome.ok, "words": str(outcome.words)}

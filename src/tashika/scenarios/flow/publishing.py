"""Publish a flow: pin what it names, listen to what it waits for, let people enter; or let them go on after 非公開."""

from collections.abc import Mapping
from datetime import datetime

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.contents import frozen, versions
from tashika.contents.models import Content, Kind
from tashika.core import audit
from tashika.core.errors import Conflict, TashikaError
from tashika.core.text import t
from tashika.mails import drafting as mail_drafts
from tashika.scenarios.flow import billing, reading, resuming, running, watching
from tashika.scenarios.models import Publication

State = Publication.State


class UnableToPublishFlow(TashikaError):
    """It can't be published as it is; `where` is the node. Nothing was changed."""

    code = "unable_to_publish"


def publish(
    *,
    scenario: Content,
    bill_hash: bytes,
    people: int,
    by: User,
    now: datetime,
    choice: str | None = None,
    moves: Mapping[str, str | None] | None = None,
) -> Publication:
    """In the caller's transaction, which has locked the scenario. After 非公開, `choice` says what becomes of what fell due
    meanwhile (`skip`, `shift`, `now`; G8), and `moves` where those go who stand at nodes that are no more (None: they
    leave). Raises Conflict, Frozen, UnableToPublishFlow, resuming.UnableToResume."""
    contents = _locked(billing.pinned(scenario))
    for content in (scenario, *contents):
        frozen.refuse_if_frozen(content)
    if billing.bill_hash(scenario) != bill_hash:
        raise Conflict(
            t(
                "確認したあとで、シナリオか、使っているコンテンツが変更されました。",
                "After you looked at it the scenario or something that it uses changed.",
            ),
            fix=t("もう一度確認してから公開してください。", "Look at it again, then publish."),
        )
    _refuse_problems(scenario, contents)
    last = Publication.objects.select_for_update().filter(scenario=scenario).order_by("-id").first()
    kept = [versions.keep(content=one, by=by, now=now) for one in contents]
    version = versions.keep(content=scenario, by=by, now=now, uses=kept)
    bill = [
        {"id": one.content.public_id, "version": one.number, "hash": bytes(one.hash).hex()} for one in (version, *kept)
    ]
    publication = Publication.objects.create(
        scenario=scenario,
        scenario_version=version,
        bill=bill,
        bill_hash=bill_hash,
        resumes=last,
        state=State.RUNNING,
        send_at=now,
        published_at=now,
        published_by=by,
        looked_at=last.looked_at if last else None,
    )
    flow = running.of(publication)
    watching.begin(flow, now=now)
    resumed = resuming.resume(flow, last, choice=choice, moves=moves or {}, by=actor_of(by), now=now) if last else {}
    audit.record(
        actor=actor_of(by),
        verb="publish_again" if last else "publish",
        subject=scenario.public_id,
        now=now,
        detail={"bill": bill, "people": people, **resumed},
    )
    return publication


def _locked(contents: list[Content]) -> list[Content]:
    """Nobody edits them until it is published."""
    keys = [one.pk for one in contents]
    return list(Content.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _refuse_problems(scenario: Content, contents: list[Content]) -> None:
    for problem in reading.problems(scenario.draft):
        if problem.severity == "error":
            raise UnableToPublishFlow(problem.what, fix=problem.fix, where=problem.node)
    for content in contents:
        if content.kind == Kind.MAIL:
            for found in mail_drafts.problems(content.draft):
                if found.severity == "error":
                    raise UnableToPublishFlow(found.what, fix=found.fix, where=content.public_id)

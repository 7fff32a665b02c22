"""Publish a scenario: pin what runs, on a clearance that is still true."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.contents import frozen, versions
from tashika.contents.models import Content
from tashika.core import audit
from tashika.core.errors import Conflict, TashikaError
from tashika.core.text import t
from tashika.delivery import queries as delivery
from tashika.delivery import releasing
from tashika.mails import drafting as mail_drafts
from tashika.scenarios import broadcasts
from tashika.scenarios.broadcasts import Broadcast
from tashika.scenarios.flow import publishing as flow_publishing
from tashika.scenarios.models import Publication

State = Publication.State


class UnableToPublish(TashikaError):
    """It can't be published as it is; nothing was changed."""

    code = "unable_to_publish"


@dataclass(frozen=True, slots=True)
class Clearance:
    """The word of `safeguards` that this very state was looked at: bound to the hash of the bill of materials."""

    bill_hash: bytes
    people: int


def publish(
    *,
    scenario: Content,
    clearance: Clearance,
    by: User,
    now: datetime,
    choice: str | None = None,
    moves: Mapping[str, str | None] | None = None,
) -> Publication:
    """Publish a scenario, or go on with one that was unpublished.

    A broadcast that has begun goes on with the bill it was published with and with the same dispatch, so that nobody
    can get it twice (G1). What was stopped is sent only if `choice` is "send"; "skip" ends it there (G8). For a flow see
    `flow.publishing`, also for `moves`.
    Raises NotAllowed, Frozen, Conflict, UnableToPublish. Publishing the same twice gives the same publication.
    """
    require(by.role, "publish")
    with transaction.atomic():
        current = Content.objects.select_for_update().get(pk=scenario.pk)
        last = Publication.objects.select_for_update().filter(scenario=current).order_by("-id").first()
        if last is not None and _is_the_same(last, clearance, choice):
            return last
        if current.draft.get("type") == "flow":
            return flow_publishing.publish(
                scenario=current,
                bill_hash=clearance.bill_hash,
                people=clearance.people,
                by=by,
                now=now,
                choice=choice,
                moves=moves,
            )
        if last is not None and last.dispatch_id is not None:
            return _go_on(last, choice, by, now)
        return _begin(current, clearance, by, now)


def _is_the_same(last: Publication, clearance: Clearance, choice: str | None) -> bool:
    """Whether this was published a moment ago: a double click, another tab, a second operator."""
    if last.state not in (State.WAITING, State.RUNNING):
        return last.resumes_id is not None and last.state == State.FINISHED and choice == "skip"
    if (last.resumes_id is None or last.dispatch_id is None) and bytes(last.bill_hash) != clearance.bill_hash:
        raise UnableToPublish(
            t("別の内容ですでに公開しています。", "It is already published, with other contents."),
            fix=t("公開中のものを見てください。止めるには「非公開にする」を押します。", "Look at what is published."),
        )
    return True


def _begin(scenario: Content, clearance: Clearance, by: User, now: datetime) -> Publication:
    broadcast = _locked(broadcasts.of(scenario))
    for content in (broadcast.scenario, broadcast.segment, broadcast.mail):
        frozen.refuse_if_frozen(content)
    if broadcasts.bill_hash(broadcast) != clearance.bill_hash:
        raise Conflict(
            t(
                "確認したあとで、シナリオ・セグメント（静的リスト）・メール・組織の情報のどれかが変更されました。",
                "After you looked at it the scenario, the segment or its static list, the mail or the organisation changed.",
            ),
            fix=t("もう一度確認してから公開してください。", "Look at it again, then publish."),
        )
    problems = [one for one in mail_drafts.problems(broadcast.mail.draft) if one.severity == "error"]
    if problems:
        raise UnableToPublish(problems[0].what, fix=problems[0].fix, where=broadcast.mail.public_id)
    send_at = broadcast.send_at or now
    if broadcast.send_at is not None and broadcast.send_at < now:
        raise UnableToPublish(
            t("配信日時が過ぎています。", "The time to send has passed."),
            fix=t("配信日時を選び直してください。", "Choose another time."),
            where="send_at",
        )
    segment = versions.keep(content=broadcast.segment, by=by, now=now)
    mail = versions.keep(content=broadcast.mail, by=by, now=now)
    version = versions.keep(content=scenario, by=by, now=now, uses=[segment, mail])
    bill = [
        {"id": one.content.public_id, "version": one.number, "hash": bytes(one.hash).hex()}
        for one in (version, segment, mail)
    ]
    publication = Publication.objects.create(
        scenario=scenario,
        scenario_version=version,
        segment_version=segment,
        mail_version=mail,
        bill=bill,
        bill_hash=clearance.bill_hash,
        state=State.WAITING,
        send_at=send_at,
        published_at=now,
        published_by=by,
    )
    audit.record(
        actor=actor_of(by),
        verb="publish",
        subject=scenario.public_id,
        now=now,
        detail={"bill": bill, "send_at": send_at.isoformat(), "people": clearance.people},
    )
    return publication


def _locked(broadcast: Broadcast) -> Broadcast:
    """The broadcast with its segment and mail as they are now; nobody edits them until it is published."""
    keys = [broadcast.segment.pk, broadcast.mail.pk]
    rows = {row.pk: row for row in Content.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    return replace(broadcast, segment=rows[broadcast.segment.pk], mail=rows[broadcast.mail.pk])


def _go_on(last: Publication, choice: str | None, by: User, now: datetime) -> Publication:
    figures = delivery.figures(int(last.dispatch_id or 0))
    nothing_left = figures.planned > 0 and figures.stopped == 0  # stopped before it was planned: everything is left
    if last.state != State.UNPUBLISHED or nothing_left:
        raise UnableToPublish(
            t("この一斉配信は送り終えています。", "This broadcast is finished."),
            fix=t("もう一度送るには、シナリオを複製してください。", "To send again make a copy of the scenario."),
        )
    if choice not in ("send", "skip"):
        raise UnableToPublish(
            t(
                "止まっている{n}件をどうするか選んでください。",
                "Choose what to do with the {n} stopped mails.",
                n=figures.stopped,
            ),
            where="choice",
        )
    publication = Publication.objects.create(
        scenario=last.scenario,
        scenario_version=last.scenario_version,
        segment_version=last.segment_version,
        mail_version=last.mail_version,
        bill=last.bill,
        bill_hash=last.bill_hash,
        resumes=last,
        dispatch_id=last.dispatch_id,
        state=State.RUNNING if choice == "send" else State.FINISHED,
        send_at=now,
        published_at=now,
        published_by=by,
    )
    if choice == "send":
        releasing.release(dispatch_id=int(last.dispatch_id or 0), by=actor_of(by), now=now)
    audit.record(
        actor=actor_of(by),
        verb="publish_again",
        subject=last.scenario.public_id,
        now=now,
        detail={"choice": choice, "stopped": figures.stopped},
    )
    return publication

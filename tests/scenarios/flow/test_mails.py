"""Mails of a flow are rows of the ledger, once a round (G1), and stop with it (G3)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.core.actors import SYSTEM
from tashika.delivery.models import Dispatch, LedgerRow, Queued
from tashika.people.models import Contact
from tashika.scenarios import unpublishing
from tashika.scenarios.flow import resuming
from tashika.scenarios.models import Enrolment, NodeDispatch, Publication
from tests.delivery.conftest import add_contacts
from tests.scenarios.flow.conftest import flow_of, mail, node, put_tag, walk, ways

pytestmark = pytest.mark.django_db

Publish = Callable[..., Publication]


def contacts() -> list[int]:
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def test_g1_each_person_gets_a_node_s_mail_once_a_round(publish: Publish, now: datetime) -> None:
    add_contacts(4, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "mail", "n3", mail=mail(now)),
        node("n3", "tag", remove=["t"]),
        re_entry="after_leaving",
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts()[:2], now)
    then = walk(now, timedelta(hours=1))
    put_tag("t", contacts()[1:], then)
    walk(then, timedelta(hours=1))
    assert sorted(LedgerRow.objects.values_list("contact_id", flat=True)) == sorted([*contacts()[:2], *contacts()[1:]])
    assert NodeDispatch.objects.count() == 2  # one a round
    assert set(Dispatch.objects.values_list("priority", flat=True)) == {3}


def test_who_has_had_enough_mails_lately_is_left_out(publish: Publish, now: datetime) -> None:
    add_contacts(2, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "mail", mail=mail(now)),
        cap={"mails": 2, "days": 7},
        now=now,
    )
    publish(scenario, now)
    full, free = contacts()
    for days in (1, 2):
        Event.objects.create(at=now - timedelta(days=days), contact_id=full, kind="mail_accepted", mail_number=9)
    for days in (1, 8):
        Event.objects.create(at=now - timedelta(days=days), contact_id=free, kind="mail_accepted", mail_number=9)
    put_tag("t", contacts(), now)
    walk(now, timedelta(hours=1))
    assert ways(scenario) == {full: ["n1::entered", "n2::capped"], free: ["n1::entered", "n2::sent"]}
    assert [row.contact_id for row in LedgerRow.objects.all()] == [free]


@pytest.mark.parametrize(("choice", "left"), [("skip", 0), ("shift", 3), ("now", 3)])
def test_g8_what_was_stopped_in_the_queue_leaves_only_by_choice(
    publish: Publish, now: datetime, choice: str, left: int
) -> None:
    add_contacts(3, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "mail", "n3", mail=mail(now)),
        node("n3", "wait", wait={"days": 30}),
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(hours=1))
    answer = unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    assert answer is not None and answer.certain and answer.figures["stopped"] == 3
    assert resuming.situation(scenario, now=then).stopped_mails == 3
    publish(scenario, then, choice=choice)
    assert Queued.objects.count() == left
    assert Dispatch.objects.get().state == "sending"
    assert Enrolment.objects.filter(state="walking").count() == 3


def test_a_dispatch_that_was_stopped_by_itself_keeps_people_at_the_node(publish: Publish, now: datetime) -> None:
    from tashika.delivery import stopping

    add_contacts(2, now)
    scenario = flow_of(node("n1", "entry", "n2", on="tag_added", tag="t"), node("n2", "mail", mail=mail(now)), now=now)
    publish(scenario, now)
    put_tag("t", contacts()[:1], now)
    then = walk(now, timedelta(hours=1))
    stopping.stop_dispatch(dispatch_id=Dispatch.objects.get().pk, by=SYSTEM, now=then)
    put_tag("t", contacts()[1:], then)
    walk(then, timedelta(hours=3))
    assert LedgerRow.objects.count() == 1
    assert Enrolment.objects.filter(state="walking", node="n2").count() == 1


def test_a_mail_that_was_changed_leaves_in_its_new_version_once_published_again(
    publish: Publish, now: datetime
) -> None:
    from tashika.contents import drafting
    from tashika.contents.queries import by_public_id

    add_contacts(2, now)
    public_id = mail(now)
    scenario = flow_of(node("n1", "entry", "n2", on="tag_added", tag="t"), node("n2", "mail", mail=public_id), now=now)
    publish(scenario, now)
    content = by_public_id(public_id)
    drafting.save(content=content, draft={**content.draft, "subject": "新しい件名"}, by=None, now=now)
    put_tag("t", contacts()[:1], now)
    then = walk(now, timedelta(hours=1))
    assert Dispatch.objects.get().mail_version.number == 1  # what runs goes on as it was pinned
    unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    publish(scenario, then, choice="now")
    put_tag("t", contacts()[1:], then)
    walk(then, timedelta(hours=1))
    assert [one.mail_version.number for one in Dispatch.objects.order_by("pk")] == [1, 2]


@pytest.mark.parametrize(("choice", "state"), [("skip", "skipped"), ("now", "queued")])
def test_g3_g8_webhooks_stop_with_their_flow_and_go_on_by_choice(
    publish: Publish, now: datetime, choice: str, state: str
) -> None:
    from tashika.scenarios.webhooks.models import Fence, Webhook

    add_contacts(2, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "webhook", "n3", url="https://hooks.example.jp/in"),
        node("n3", "wait", wait={"days": 1}),
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(hours=1))
    assert Webhook.objects.filter(state="queued").count() == 2
    unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    assert Fence.objects.get().stopped_at is not None
    assert resuming.situation(scenario, now=then).stopped_webhooks == 2
    publish(scenario, then, choice=choice)
    assert Fence.objects.get().stopped_at is None
    assert set(Webhook.objects.values_list("state", flat=True)) == {state}


def test_notices_go_to_the_owner_and_stop_with_the_flow(publish: Publish, now: datetime, publisher: User) -> None:
    add_contacts(3, now)
    User.objects.filter(pk=publisher.pk).update(verified_email=publisher.email, verified_at=now)
    Contact.objects.filter(pk__in=contacts()[:2]).update(owner=publisher)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "notify", "n3", mail=mail(now, "お知らせ"), to={"owner": True}),
        node("n3", "tag", add=["知らせた"]),
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(hours=1))
    rows = LedgerRow.objects.order_by("about_id").values_list("about_id", "address", "state")
    assert list(rows) == [(one, publisher.email, "queued") for one in contacts()[:2]]
    answer = unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    assert answer is not None and answer.figures["stopped"] == 2

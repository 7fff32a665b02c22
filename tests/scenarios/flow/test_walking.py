"""People walk a flow: each step once, each on record."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.people.models import Contact, CustomField, Tagging
from tashika.scenarios import unpublishing
from tashika.scenarios.flow import figures, retrying, stepping
from tashika.scenarios.models import Enrolment, Publication
from tests.delivery.conftest import add_contacts
from tests.scenarios.flow.conftest import flow_of, mail, node, put_tag, walk, ways

pytestmark = pytest.mark.django_db

Publish = Callable[..., Publication]


def contacts() -> list[int]:
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def test_who_gets_the_tag_enters_and_walks_to_the_end(publish: Publish, now: datetime) -> None:
    add_contacts(5, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="資料請求"),
        node("n2", "wait", "n3", wait={"days": 2}),
        node("n3", "tag", "n4", add=["フォロー済み"], remove=["資料請求"]),
        node("n4", "score", add=10, rank="A"),
        now=now,
    )
    publish(scenario, now)
    people = contacts()
    put_tag("資料請求", people[:3], now)
    then = walk(now, timedelta(days=1))
    assert figures.of(scenario)["n2"].here == 3
    walk(then, timedelta(days=2))
    expected = ["n1::entered", "n2::passed", "n3::done", "n4::done"]
    assert ways(scenario) == dict.fromkeys(people[:3], expected)
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"done"}
    assert list(Contact.objects.order_by("pk").values_list("score", "rank")) == [(10, "A")] * 3 + [(0, "")] * 2
    assert sorted(Tagging.objects.values_list("contact_id", "tag__name")) == [
        (one, "フォロー済み") for one in people[:3]
    ]


def test_a_decision_goes_by_yes_at_once_and_by_no_when_its_time_is_over(publish: Publish, now: datetime) -> None:
    add_contacts(4, now)
    opened = mail(now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "wait", "n3", wait={"hours": 1}),
        node("n3", "decision", {"yes": "n4", "no": "n5"}, did="opened", of=opened, within={"days": 5}),
        node("n4", "tag", add=["読んだ"]),
        node("n5", "tag", add=["読まない"]),
        now=now,
    )
    publish(scenario, now)
    early, late, never, before = contacts()
    Event.objects.create(at=now - timedelta(days=1), contact_id=before, kind="opened", mail_number=1)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(minutes=30))
    Event.objects.create(at=then, contact_id=early, kind="opened", mail_number=int(opened[2:]))
    then = walk(then, timedelta(hours=2))  # who opened before they came to the decision is sent on when they come
    assert Enrolment.objects.get(contact_id=early).state == "done"
    Event.objects.create(at=then, contact_id=late, kind="opened", mail_number=int(opened[2:]))
    then = walk(then, timedelta(hours=1))
    assert Enrolment.objects.get(contact_id=late).state == "done"
    assert Enrolment.objects.get(contact_id=never).state == "walking"
    walk(then, timedelta(days=6))
    ends = {contact: way[2] for contact, way in ways(scenario).items()}
    assert ends == {early: "n3:yes:did", late: "n3:yes:did", never: "n3:no:in_vain", before: "n3:no:in_vain"}


def test_a_condition_parts_people_by_a_rule(publish: Publish, now: datetime) -> None:
    add_contacts(4, now)
    CustomField.objects.create(key="industry", label="業種", type="text")
    people = contacts()
    Contact.objects.filter(pk=people[0]).update(department="製造部")
    scenario = flow_of(
        node("n1", "entry", "n2", on="api"),
        node("n2", "condition", {"yes": "n3"}, rule={"field": "department", "test": "is", "value": "製造部"}),
        node("n3", "field", field="custom.industry", value="製造"),
        now=now,
    )
    publication = publish(scenario, now)
    from tashika.scenarios.flow import entering, running

    entering.enter(running.of(publication), audience=("SELECT unnest(%s::bigint[])", [people]), now=now)
    walk(now, timedelta(hours=1))
    assert Contact.objects.get(pk=people[0]).custom == {"industry": "製造"}
    assert ways(scenario)[people[0]][1:] == ["n2:yes:met", "n3::done"]
    assert all(ways(scenario)[one][1:] == ["n2:no:not_met"] for one in people[1:])


def test_who_reaches_the_goal_or_is_gone_leaves(publish: Publish, now: datetime) -> None:
    add_contacts(3, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "wait", "n3", wait={"days": 1}),
        node("n3", "tag", add=["来た"]),
        goal={"field": "tag", "test": "has", "value": "契約"},
        now=now,
    )
    publish(scenario, now)
    people = contacts()
    put_tag("t", people, now)
    then = walk(now, timedelta(hours=1))
    put_tag("契約", people[:1], then)
    Contact.objects.filter(pk=people[1]).delete()
    walk(then, timedelta(days=2))
    found = dict(Enrolment.objects.values_list("contact_id", "why"))
    assert found == {people[0]: "goal", people[1]: "deleted", people[2]: ""}


@pytest.mark.parametrize(("re_entry", "rounds"), [("never", 1), ("after_leaving", 2)])
def test_who_has_left_enters_again_only_where_the_flow_says_so(
    publish: Publish, now: datetime, re_entry: str, rounds: int
) -> None:
    add_contacts(1, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "tag", remove=["t"]),
        re_entry=re_entry,
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(hours=1))
    put_tag("t", contacts(), then)
    walk(then, timedelta(hours=1))
    assert Enrolment.objects.count() == rounds


def test_a_split_parts_people_by_its_share_and_nobody_changes_sides(publish: Publish, now: datetime) -> None:
    add_contacts(400, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "split", {"a": "n3"}, share=25),
        node("n3", "tag", add=["A"]),
        re_entry="after_leaving",
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts(), now)
    walk(now, timedelta(hours=1))
    sides = {contact: way[1] for contact, way in ways(scenario).items()}
    assert 60 < sum(side == "n2:a:chance" for side in sides.values()) < 140


def test_g3_nothing_happens_after_unpublishing(publish: Publish, now: datetime) -> None:
    from tashika.core.actors import SYSTEM

    add_contacts(3, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "wait", "n3", wait={"days": 1}),
        node("n3", "tag", add=["来た"]),
        now=now,
    )
    publish(scenario, now)
    put_tag("t", contacts()[:2], now)
    then = walk(now, timedelta(hours=1))
    unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    put_tag("t", contacts()[2:], then)
    walk(then, timedelta(days=3))
    assert not Tagging.objects.filter(tag__name="来た").exists()
    assert Enrolment.objects.count() == 2
    assert stepping.advance(now=then + timedelta(days=9)) == 0


def test_what_can_t_be_done_fails_for_those_alone_and_can_be_tried_again(
    publish: Publish, now: datetime, publisher: User
) -> None:
    from tashika.contents import drafting, freezing
    from tashika.contents.models import Kind
    from tashika.core.actors import SYSTEM

    add_contacts(20, now)
    static = drafting.create(kind=Kind.SEGMENT, name="名簿", draft={"static": True}, by=None, now=now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "list", "n3", add_to=static.public_id),
        node("n3", "tag", add=["載った"]),
        now=now,
    )
    publish(scenario, now)
    freezing.freeze(contents=[static], incident="I-3", by=SYSTEM, now=now)
    put_tag("t", contacts(), now)
    then = walk(now, timedelta(hours=1))
    assert figures.of(scenario)["n2"].failed == 20
    assert not Tagging.objects.filter(tag__name="載った").exists()
    freezing.lift(contents=[static], incident="I-3", by=SYSTEM, now=then)
    assert retrying.retry(scenario=scenario, node="n2", by=publisher, now=then) == 20
    walk(then, timedelta(hours=1))
    assert Tagging.objects.filter(tag__name="載った").count() == 20

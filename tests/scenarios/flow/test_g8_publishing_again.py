"""G8: publishing a flow again never does what fell due meanwhile unless a person chose so after seeing the count."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tashika.contents import drafting
from tashika.contents.models import Content
from tashika.core.actors import SYSTEM
from tashika.people.models import Contact, Tagging
from tashika.scenarios import unpublishing
from tashika.scenarios.flow import resuming
from tashika.scenarios.models import Enrolment, Publication
from tests.delivery.conftest import add_contacts
from tests.scenarios.flow.conftest import flow_of, node, put_tag, walk, ways

pytestmark = pytest.mark.django_db

Publish = Callable[..., Publication]
TAGGED = "来た"


@pytest.fixture
def paused(publish: Publish, now: datetime) -> tuple[Content, datetime]:
    """Three people due after one day and two after ten; unpublished for five days from the first hour on."""
    add_contacts(5, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node(
            "n2",
            "condition",
            {"yes": "n3", "no": "n4"},
            rule={"field": "department", "test": "is", "value": "すぐ"},
        ),
        node("n3", "wait", "n5", wait={"days": 1}),
        node("n4", "wait", "n5", wait={"days": 10}),
        node("n5", "tag", "n6", add=[TAGGED]),
        node("n6", "wait", "n7", wait={"days": 1}),
        node("n7", "tag", add=["最後"]),
        now=now,
    )
    publish(scenario, now)
    people = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    Contact.objects.filter(pk__in=people[:3]).update(department="すぐ")
    put_tag("t", people, now)
    then = walk(now, timedelta(hours=1))
    unpublishing.unpublish(scenario=scenario, by=SYSTEM, now=then)
    return scenario, then + timedelta(days=5)


def tagged(name: str) -> int:
    return Tagging.objects.filter(tag__name=name).count()


def test_the_counts_are_said_before(paused: tuple[Content, datetime]) -> None:
    scenario, then = paused
    found = resuming.situation(scenario, now=then)
    assert (found.overdue, found.waiting, found.stopped_mails, found.lost) == (3, 2, 0, {})


def test_it_is_not_published_again_without_a_choice(paused: tuple[Content, datetime], publish: Publish) -> None:
    scenario, then = paused
    with pytest.raises(resuming.UnableToResume) as error:
        publish(scenario, then)
    assert error.value.where == "choice"
    assert "3" in str(error.value.what)
    assert Publication.objects.count() == 1


def test_skip_leaves_out_what_fell_due_and_goes_on_from_the_next_wait(
    paused: tuple[Content, datetime], publish: Publish
) -> None:
    scenario, then = paused
    publish(scenario, then, choice="skip")
    then = walk(then, timedelta(hours=2))
    assert tagged(TAGGED) == 0
    assert set(Enrolment.objects.values_list("node", flat=True)) == {"n6", "n4"}
    walk(then, timedelta(days=11))
    assert (tagged(TAGGED), tagged("最後")) == (2, 5)
    assert sum("n5::skipped" in way for way in ways(scenario).values()) == 3


def test_shift_moves_everybody_by_the_pause(paused: tuple[Content, datetime], publish: Publish) -> None:
    scenario, then = paused
    publish(scenario, then, choice="shift")
    then = walk(then, timedelta(hours=22))
    assert tagged(TAGGED) == 0
    then = walk(then, timedelta(hours=3))
    assert tagged(TAGGED) == 3
    then = walk(then, timedelta(days=8))
    assert tagged(TAGGED) == 3
    walk(then, timedelta(days=1))
    assert tagged(TAGGED) == 5


def test_now_does_it_at_once(paused: tuple[Content, datetime], publish: Publish) -> None:
    scenario, then = paused
    publish(scenario, then, choice="now")
    walk(then, timedelta(hours=1))
    assert tagged(TAGGED) == 3


def test_people_at_a_node_that_is_no_more_go_where_a_person_says(
    paused: tuple[Content, datetime], publish: Publish
) -> None:
    scenario, then = paused
    scenario.refresh_from_db()
    draft = scenario.draft
    draft["nodes"] = [one for one in draft["nodes"] if one["id"] != "n4"]
    draft["nodes"][1]["next"] = {"yes": "n3"}
    drafting.save(content=scenario, draft=draft, by=None, now=then)
    assert resuming.situation(scenario, now=then).lost == {"n4": 2}
    with pytest.raises(resuming.UnableToResume):
        publish(scenario, then, choice="skip")
    publish(scenario, then, choice="skip", moves={"n4": "n7"})
    walk(then, timedelta(hours=1))
    assert tagged("最後") == 2


def test_nobody_who_stands_at_a_lost_node_is_lost_silently(paused: tuple[Content, datetime], publish: Publish) -> None:
    scenario, then = paused
    scenario.refresh_from_db()
    draft = scenario.draft
    draft["nodes"] = [one for one in draft["nodes"] if one["id"] != "n4"]
    draft["nodes"][1]["next"] = {"yes": "n3"}
    drafting.save(content=scenario, draft=draft, by=None, now=then)
    publish(scenario, then, choice="skip", moves={"n4": None})
    assert Enrolment.objects.filter(state="left", why="node_gone").count() == 2

"""Flows at the command line."""

from datetime import datetime, timedelta

import pytest

from tashika.people.models import Contact
from tests.cli.test_verbs import Tashika, tashika
from tests.delivery.conftest import add_contacts
from tests.scenarios.flow.conftest import flow_of, node, put_tag, walk

__all__ = ["tashika"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_flow_is_published_followed_stopped_and_published_again(tashika: Tashika, now: datetime) -> None:
    add_contacts(2, now)
    scenario = flow_of(
        node("n1", "entry", "n2", on="tag_added", tag="t"),
        node("n2", "wait", "n3", wait={"days": 1}),
        node("n3", "tag", add=["来た"]),
        now=now,
    )
    assert tashika("publish", scenario.public_id, "--yes")[1]["state"] == "running"
    people = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    put_tag("t", people, now)
    then = walk(now, timedelta(hours=1))
    assert tashika("flow", scenario.public_id)[1]["n2"]["here"] == 2
    way = tashika("flow", scenario.public_id, "--contact", str(people[0]))[1]
    assert (way["state"], way["node"], len(way["steps"])) == ("walking", "n2", 1)
    assert tashika("unpublish", scenario.public_id)[1]["certain"] is True
    status, answer = tashika("publish", scenario.public_id, "--yes")
    assert (status, answer) == (2, None), "it was not said what becomes of those who wait"
    assert tashika("publish", scenario.public_id, "--yes", "--choice", "skip")[0] == 0
    walk(then, timedelta(days=2))
    assert tashika("flow", scenario.public_id)[1]["n3"]["passed"] == 2

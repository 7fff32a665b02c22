"""A running flow's page: it follows by itself and loads anew only when its state changes."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from tests.scenarios.flow.conftest import flow_of, node

from tashika.accounts.models import User
from tashika.contents.models import Content
from tashika.scenarios import publishing
from tashika.scenarios.flow import billing
from tashika.scenarios.publishing import Clearance
from tashika.web.views.scenarios import _now

pytestmark = pytest.mark.django_db


@pytest.fixture
def scenario(now: datetime, publisher: User, client: Client) -> Content:
    """A published flow, and the publisher before the browser."""
    made = flow_of(node("n1", "entry", "n2", on="api"), node("n2", "tag", add=["試し"], remove=[]), now=now)
    publishing.publish(scenario=made, clearance=Clearance(billing.bill_hash(made), 0), by=publisher, now=now)
    client.force_login(publisher)
    return made


def test_the_page_knows_the_state_that_its_events_tell(scenario: Content, client: Client) -> None:
    page = client.get(f"/scenarios/{scenario.public_id}")
    state, told = _now(scenario, "ja")
    assert page.context["shown"] == state
    assert page.context["data"]["urls"]["events"].endswith("?shown=" + state.replace(":", "%3A"))
    assert page.context["data"]["figures"] == told["nodes"] == {}


def test_saving_refuses_who_has_not_seen_the_latest(scenario: Content, client: Client) -> None:
    save = f"/scenarios/{scenario.public_id}/draft"
    asked = {"draft": scenario.draft, "name": "x", "revision": 1}
    assert client.post(save, asked, content_type="application/json").json()["revision"] == 2
    answer = client.post(save, asked, content_type="application/json")
    assert answer.status_code == 409 and answer.json()["error"]


def test_pickers_offer_by_name(scenario: Content, client: Client, person: Callable[[str], User]) -> None:
    found = client.get("/scenarios/choices", {"what": "scenarios", "q": "資料"}).json()["choices"]
    assert [one["id"] for one in found] == [scenario.public_id]
    assert client.get("/scenarios/choices", {"what": "nothing"}).json() == {"choices": []}

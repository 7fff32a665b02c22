"""Flows over real contacts; time is handed in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from bench.scenery import SHORT_MAIL

from tashika.accounts.models import User
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.people import sources, tagging
from tashika.scenarios import publishing
from tashika.scenarios.flow import billing, reading, stepping
from tashika.scenarios.models import Enrolment, Publication, Visit
from tashika.scenarios.publishing import Clearance


def node(id: str, kind: str, next: Any = None, **settings: Any) -> dict[str, Any]:
    """A node of a draft. `next` is the id that follows, or a branch's id by branch."""
    following = {"": next} if isinstance(next, str) else next or {}
    return {"id": id, "kind": kind, "next": following, **settings}


def flow_of(*nodes: dict[str, Any], now: datetime, name: str = "資料請求のフォロー", **settings: Any) -> Content:
    """A scenario of these nodes."""
    draft = reading.accepted({"type": "flow", "nodes": list(nodes), **settings})
    return drafting.create(kind=Kind.SCENARIO, name=name, draft=draft, by=None, now=now)


def mail(now: datetime, name: str = "ご案内") -> str:
    """The ID of a mail."""
    return drafting.create(kind=Kind.MAIL, name=name, draft=SHORT_MAIL, by=None, now=now).public_id


def put_tag(name: str, contacts: list[int], now: datetime) -> None:
    """Tag some contacts, as a person does."""
    tag, source = tagging.of_name(name, now=now), sources.of_scenario("S-0", "test", now=now)
    tagging.put(tag=tag, contacts=("SELECT unnest(%s::bigint[])", [contacts]), source=source, now=now)


def ways(scenario: Content) -> dict[int, list[str]]:
    """What each contact has left behind, as node:branch:outcome."""
    found: dict[int, list[str]] = {}
    who = dict(Enrolment.objects.filter(scenario=scenario).values_list("pk", "contact_id"))
    for visit in Visit.objects.filter(enrolment_id__in=list(who)).order_by("enrolment_id", "step"):
        found.setdefault(who[visit.enrolment_id], []).append(f"{visit.node}:{visit.branch}:{visit.outcome}")
    return found


def walk(start: datetime, span: timedelta, every: timedelta = timedelta(hours=1)) -> datetime:
    """Let time pass; the moment at its end."""
    now = start
    while now < start + span:
        now = min(now + every, start + span)
        while stepping.advance(now=now):
            pass
    return now


@pytest.fixture
def publish(publisher: User) -> Callable[..., Publication]:
    """Publishes a flow as it stands."""

    def do(scenario: Content, now: datetime, **how: Any) -> Publication:
        scenario.refresh_from_db()
        clearance = Clearance(billing.bill_hash(scenario), 0)
        return publishing.publish(scenario=scenario, clearance=clearance, by=publisher, now=now, **how)

    return do

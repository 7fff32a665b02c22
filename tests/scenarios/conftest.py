"""A broadcast over real contacts, planned by the real delivery; nothing is sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from bench.scenery import SHORT_MAIL

from tashika.accounts.models import User
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.delivery.models import LedgerRow
from tashika.safeguards import reviewing
from tashika.scenarios import publishing
from tashika.scenarios.models import Publication
from tashika.scenarios.publishing import Clearance
from tests.delivery.conftest import add_contacts

EVERYBODY = {"rule": {"op": "and", "rules": [{"field": "email", "test": "is_not_empty"}]}}


def broadcast_to(number: int, now: datetime, **draft: Any) -> Content:
    """A broadcast to that many invented people who have agreed."""
    add_contacts(number, now)
    segment = drafting.create(kind=Kind.SEGMENT, name="全員", draft=EVERYBODY, by=None, now=now)
    mail = drafting.create(kind=Kind.MAIL, name="秋のご案内", draft=SHORT_MAIL, by=None, now=now)
    values = {"type": "broadcast", "segment": segment.public_id, "mail": mail.public_id, "send_at": None, **draft}
    return drafting.create(kind=Kind.SCENARIO, name="秋の一斉配信", draft=values, by=None, now=now)


def cleared(scenario: Content, now: datetime) -> Clearance:
    """The clearance of the scenario as it stands."""
    scenario.refresh_from_db()
    return reviewing.review(scenario=scenario, now=now).clearance


def accept(publication: Publication, number: int, now: datetime) -> set[str]:
    """As if the first rows had been sent: claimed, and accepted by a relay."""
    publication.refresh_from_db()
    keys = list(
        LedgerRow.objects.filter(dispatch_id=publication.dispatch_id, state="queued")
        .order_by("pk")
        .values_list("pk", flat=True)[:number]
    )
    LedgerRow.objects.filter(pk__in=keys).update(state="sending", begun_at=now)
    LedgerRow.objects.filter(pk__in=keys).update(state="accepted", ended_at=now)
    return set(LedgerRow.objects.filter(pk__in=keys).values_list("address", flat=True))


@pytest.fixture
def publish(publisher: User, now: datetime) -> Callable[..., Publication]:
    """Reviews and publishes, as the page does."""

    def do(scenario: Content, *, choice: str | None = None) -> Publication:
        return publishing.publish(
            scenario=scenario, clearance=cleared(scenario, now), by=publisher, now=now, choice=choice
        )

    return do

"""A clearance is the word that this very state was looked at: whatever changes what leaves, or for whom, voids it."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tashika.accounts.models import User
from tashika.audiences import static_lists
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.contents.queries import by_public_id
from tashika.core import organisation
from tashika.core.actors import SYSTEM
from tashika.core.errors import Conflict
from tashika.scenarios import publishing
from tashika.scenarios.models import Publication
from tests.scenarios.conftest import broadcast_to, cleared

pytestmark = pytest.mark.django_db
Change = Callable[[Content, User, datetime], None]


def _save(content: Content, by: User, now: datetime, **changes: object) -> None:
    drafting.save(content=content, draft={**content.draft, **changes}, by=by, now=now)


def edit_the_mail(scenario: Content, by: User, now: datetime) -> None:
    _save(by_public_id(scenario.draft["mail"]), by, now, subject="別の件名")


def edit_the_rule(scenario: Content, by: User, now: datetime) -> None:
    rule = {"op": "and", "rules": [{"field": "family_name", "test": "is_not_empty"}]}
    _save(by_public_id(scenario.draft["segment"]), by, now, rule=rule)


def edit_the_scenario(scenario: Content, by: User, now: datetime) -> None:
    _save(scenario, by, now, relay=None, send_at="2099-01-05T10:00:00+09:00")


def grow_the_list(scenario: Content, by: User, now: datetime) -> None:
    static_lists.add(content=by_public_id("G-2"), text="p3@recipient.example.jp", by=by, now=now)


def change_the_address_of_the_organisation(scenario: Content, by: User, now: datetime) -> None:
    organisation.change(name="みらい", postal_address="大阪市北区0-0", contact="", by=SYSTEM, now=now)


CHANGES: list[Change] = [
    edit_the_mail,
    edit_the_rule,
    edit_the_scenario,
    grow_the_list,
    change_the_address_of_the_organisation,
]


@pytest.fixture
def scenario(publisher: User, now: datetime) -> Content:
    """A broadcast to those on the list G-2, however deep the rule names it, who have an address."""
    organisation.change(name="みらい", postal_address="東京都千代田区0-0", contact="", by=SYSTEM, now=now)
    made = broadcast_to(5, now)
    members = drafting.create(kind=Kind.SEGMENT, name="名簿", draft={"static": True}, by=None, now=now)
    static_lists.add(content=members, text="p1@recipient.example.jp p2@recipient.example.jp", by=publisher, now=now)
    named = {"op": "or", "rules": [{"field": "list", "test": "in_list", "value": members.public_id}]}
    rule = {"op": "and", "rules": [{"field": "email", "test": "is_not_empty"}, named]}
    _save(by_public_id(made.draft["segment"]), publisher, now, rule=rule)
    return made


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changes_after_the_review_voids_it(
    change: Change, scenario: Content, publisher: User, now: datetime
) -> None:
    seen = cleared(scenario, now)
    assert seen.people == 2
    change(scenario, publisher, now)
    with pytest.raises(Conflict):
        publishing.publish(scenario=scenario, clearance=seen, by=publisher, now=now)
    assert not Publication.objects.exists()
    publishing.publish(scenario=scenario, clearance=cleared(scenario, now), by=publisher, now=now)


def test_what_has_nothing_to_do_with_it_does_not(scenario: Content, publisher: User, now: datetime) -> None:
    seen = cleared(scenario, now)
    other = drafting.create(kind=Kind.SEGMENT, name="別の名簿", draft={"static": True}, by=None, now=now)
    static_lists.add(content=other, text="p4@recipient.example.jp", by=publisher, now=now)
    static_lists.add(content=by_public_id("G-2"), text="p1@recipient.example.jp", by=publisher, now=now)
    assert publishing.publish(scenario=scenario, clearance=seen, by=publisher, now=now).state == "waiting"

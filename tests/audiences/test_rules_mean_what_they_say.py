"""Whatever a rule tree says, the database finds those whom a plain reading of it in Python finds."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from tashika.activity.models import Event
from tashika.audiences import conditions, matching
from tashika.audiences.models import StaticMember
from tashika.contents import drafting
from tashika.core.actors import SYSTEM
from tashika.people import contacts, defining, tagging
from tashika.people.models import Contact
from tashika.scenarios.models import Enrolment, Visit

pytestmark = pytest.mark.django_db
Rule = dict[str, Any]
TODAY = "today"


class House:
    """Eight people, and what a plain reading needs to know of them."""

    def __init__(self, now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_date")
            self.today: date = cursor.fetchone()[0]
        self.now = now
        for key, kind in (("kind", "choice"), ("ends", "date"), ("likes", "multi_choice"), ("vip", "yes_no")):
            choices = ["x", "y"] if "choice" in kind else []
            defining.create(key=key, label=key, type=kind, choices=choices, by=SYSTEM, now=now)
        self.people = [self._add(number) for number in range(8)]
        self._act()

    def _add(self, number: int) -> Contact:
        ends = {1: -40, 2: -5, 3: 0, 4: 5, 5: 60}
        custom: dict[str, Any] = {"kind": "xy"[number % 2]} if number < 6 else {}
        if number in ends:
            custom["ends"] = (self.today + timedelta(days=ends[number])).isoformat()
        if number % 3:
            custom |= {"likes": ["x", "y"][: number % 3], "vip": number % 3 == 1}
        company = ["青葉電機", "", "50%_青葉"][number % 3]
        made = contacts.add(
            values={"email": f"p{number}@example.jp", "company_name": company, "custom": custom},
            by=SYSTEM,
            now=self.now,
        )
        Contact.objects.filter(pk=made.pk).update(score=number * 10, rank=["", "A"][number % 2])
        made.refresh_from_db()
        return made

    def _act(self) -> None:
        self.tags = {"A": (0, 1, 2, 3), "B": (2, 3, 4)}
        for name, numbers in self.tags.items():
            tag = tagging.of_name(name, now=self.now)
            ids = [self.people[number].pk for number in numbers]
            tagging.put_on(tag=tag, contact_ids=ids, by=SYSTEM, now=self.now)
        listed = drafting.create(kind="segment", name="l", draft={"static": True}, by=None, now=self.now)
        self.list, self.listed = listed.public_id, (1, 4, 7)
        for number in self.listed:
            pk = self.people[number].pk
            StaticMember.objects.create(content_id=listed.pk, contact_id=pk, added_at=self.now)
        self.events = [
            (number, kind, mail, content, days)
            for number, kind, mail, content, days in (
                (0, "mail_accepted", 1, None, 3),
                (1, "mail_accepted", 1, None, 3),
                (1, "opened", 1, None, 2),
                (1, "clicked", 1, None, 2),
                (2, "opened", 1, None, 50),
                (3, "opened", 2, None, 400),
                (5, "bounced", 2, None, 1),
                (6, "form_sent", None, "F-1", 10),
                (6, "page_visited", None, "L-1", 10),
                (4, "document_downloaded", None, "D-1", 100),
                (99, "opened", 1, None, 2),  # somebody who is gone
            )
        ]
        for number, kind, mail, content, days in self.events:
            Event.objects.create(
                at=self.now - timedelta(days=days),
                contact_id=self.people[number].pk if number < 8 else 10**9,
                kind=kind,
                mail_number=mail,
                detail={"content": content} if content else {},
            )
        self._walk()

    def _walk(self) -> None:
        scenario = drafting.create(kind="scenario", name="s", draft={"type": "flow"}, by=None, now=self.now)
        self.scenario = scenario.public_id
        self.ways = {2: ("walking", "n2", ["n1"]), 3: ("done", "n3", ["n1", "n2"]), 5: ("walking", "n1", [])}
        times = dict.fromkeys(("entered_at", "arrived_at", "due_at"), self.now)
        for number, (state, node, passed) in self.ways.items():
            pk = self.people[number].pk
            made = Enrolment.objects.create(scenario=scenario, contact_id=pk, state=state, node=node, **times)
            for step, name in enumerate(passed):
                Visit.objects.create(
                    enrolment_id=made.pk, step=step, node=name, publication_id=1, arrived_at=self.now, at=self.now
                )

    # -- the plain reading

    def reads(self, rule: Rule, number: int) -> bool:
        """Whether a rule holds for a person."""
        if "op" in rule:
            found = [self.reads(one, number) for one in rule["rules"]]
            return {"and": all(found), "or": any(found), "not": not any(found)}[rule["op"]]
        return bool(getattr(self, "_" + rule["field"].replace(".", "_"))(number, rule["test"], rule.get("value")))

    def _tag(self, number: int, test: str, value: Any) -> bool:
        return (number in self.tags[value]) == (test == "has")

    def _list(self, number: int, test: str, value: Any) -> bool:
        return (number in self.listed) == (test == "in_list")

    def _company_name(self, number: int, test: str, value: Any) -> bool:
        mine = self.people[number].company_name
        if test in ("is_empty", "is_not_empty"):
            return (not mine) == (test == "is_empty")
        if test == "in":
            return mine in value
        return {
            "is": mine == value,
            "is_not": mine != value,
            "contains": value in mine,
            "not_contains": value not in mine,
            "starts_with": mine.startswith(value),
            "ends_with": mine.endswith(value),
        }[test]

    def _score(self, number: int, test: str, value: Any) -> bool:
        mine = self.people[number].score
        if test in ("is_empty", "is_not_empty"):
            return test == "is_not_empty"
        return {
            "is": mine == value,
            "is_not": mine != value,
            "at_least": mine >= value,
            "at_most": mine <= value,
        }[test]

    def _custom_kind(self, number: int, test: str, value: Any) -> bool:
        mine = self.people[number].custom.get("kind")
        if test in ("is_empty", "is_not_empty"):
            return (mine is None) == (test == "is_empty")
        return (mine in value if test == "in" else mine == value) != (test == "is_not")

    def _custom_ends(self, number: int, test: str, value: Any) -> bool:
        mine = self.people[number].custom.get("ends")
        if mine is None or test in ("is_empty", "is_not_empty"):
            return (mine is None) == (test == "is_empty")
        if test == "within_days":
            return 0 <= (self.today - date.fromisoformat(mine)).days <= value
        if test == "within_next_days":
            return 0 <= (date.fromisoformat(mine) - self.today).days <= value
        return bool({"is": mine == value, "before": mine < value, "after": mine > value}[test])

    def _custom_likes(self, number: int, test: str, value: Any) -> bool:
        mine = self.people[number].custom.get("likes")
        if test in ("is_empty", "is_not_empty"):
            return (mine is None) == (test == "is_empty")
        return (value in (mine or ())) == (test == "has")

    def _custom_vip(self, number: int, test: str, value: Any) -> bool:
        return self.people[number].custom.get("vip") is {"is_yes": True, "is_no": False, "is_empty": None}[test]

    def _activity(self, number: int, test: str, value: Any) -> bool:
        kinds, mail, content = conditions.ACTS[value["kind"]], value.get("mail"), value.get("content")
        days = value.get("days") or 10**6
        found = any(
            who == number and kind in kinds and mail in (None, about) and content in (None, of) and ago < days
            for who, kind, about, of, ago in self.events
        )
        return found == (test == "did")

    def _scenario(self, number: int, test: str, value: Any) -> bool:
        state, at, passed = self.ways.get(number, ("", "", []))
        node = value.get("node")
        if test in ("walks", "walks_not"):
            return (state == "walking" and node in (None, at)) == (test == "walks")
        return (bool(state) and (node is None or node in (at, *passed))) == (test == "walked")


def one(name: str, tests: tuple[str, ...], *values: Any) -> some.SearchStrategy[Rule]:
    bare = [test for test in tests if test in conditions.WITHOUT_VALUE]
    with_value = [test for test in tests if test not in conditions.WITHOUT_VALUE]
    choice = some.one_of(
        *([some.builds(lambda test: {"field": name, "test": test}, some.sampled_from(bare))] if bare else []),
        *(
            [
                some.builds(
                    lambda test, value: {"field": name, "test": test, "value": [value] if test == "in" else value},
                    some.sampled_from(with_value),
                    some.sampled_from(values),
                )
            ]
            if values
            else []
        ),
    )
    return choice


DAYS, DATES = ("within_days", "within_next_days"), ("is", "before", "after", "is_empty", "is_not_empty")
ACTS = [
    {"kind": kind, **narrow, **({"days": days} if days else {})}
    for kind in conditions.ACTS
    for narrow in (
        {},
        {"mail": 1},
        *([{"content": f"{conditions.CONTENT_OF[kind]}-1"}] if kind in conditions.CONTENT_OF else []),
    )
    for days in (None, 7, 365)
]
WAYS = [{}, {"node": "n1"}, {"node": "n2"}]
LEAVES = some.one_of(
    one("tag", conditions.TESTS["tag"], "A", "B"),
    one("list", conditions.TESTS["list"], "G-1"),
    one("company_name", conditions.TESTS["text"], "青葉", "青葉電機", "%_"),
    one("score", conditions.TESTS["number"], 0, 30, 70),
    one("custom.kind", conditions.TESTS["choice"], "x", "y"),
    one("custom.ends", DAYS, 1, 5, 60),
    one("custom.ends", DATES, "2020-01-01", TODAY, "2050-01-01"),
    one("custom.likes", conditions.TESTS["multi_choice"], "x", "y"),
    one("custom.vip", conditions.TESTS["yes_no"]),
    one("activity", conditions.TESTS["activity"], *ACTS),
    one("scenario", conditions.TESTS["scenario"], *WAYS),
)
TREES = some.recursive(
    LEAVES,
    lambda inner: some.builds(
        lambda op, rules: {"op": op, "rules": rules},
        some.sampled_from(["and", "or", "not"]),
        some.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


def placed(rule: Rule, house: House) -> Rule:
    """The rule with the ids that this house has."""
    if "op" in rule:
        return {**rule, "rules": [placed(inner, house) for inner in rule["rules"]]}
    value = rule.get("value")
    if rule["field"] == "list":
        value = house.list
    elif rule["field"] == "scenario":
        value = {"scenario": house.scenario, **value}
    elif value == TODAY:
        value = house.today.isoformat()
    return {**rule, "value": value} if value is not None else rule


def found(statement: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return sorted(row[0] for row in cursor.fetchall())


_OPENED: Rule = {"field": "activity", "test": "did", "value": {"kind": "opened"}}
_TAGGED: Rule = {"field": "tag", "test": "has_not", "value": "A"}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
@example({"op": "or", "rules": [_OPENED, _TAGGED]})
@example({"op": "not", "rules": [{"op": "and", "rules": [_OPENED, {"op": "not", "rules": [_TAGGED]}]}]})
def test_a_tree_finds_whom_a_plain_reading_finds(house: House, rule: Rule) -> None:
    rule = placed(rule, house)
    meant = [person.pk for number, person in enumerate(house.people) if house.reads(rule, number)]
    assert found(*matching.audience_sql({"rule": rule})) == meant
    compiled = matching.condition(rule)
    few = [person.pk for person in house.people[::2]]
    asked = f"SELECT c.id FROM people_contact c WHERE c.id = ANY (%s) AND ({compiled.sql})"
    assert found(asked, [few, *compiled.values]) == [pk for pk in meant if pk in few]
    for number, person in enumerate(house.people[:3]):
        assert matching.why({"rule": rule}, person.pk).holds == house.reads(rule, number)

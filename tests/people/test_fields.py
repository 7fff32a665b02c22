"""Custom fields: defined, changed, archived and brought back without a value, a segment or a mail being lost."""

from datetime import datetime
from typing import Any

import pytest

from tashika.accounts.models import User
from tashika.audiences import matching, schema
from tashika.audiences import uses as segment_uses
from tashika.contents import drafting
from tashika.contents.models import Kind
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.mails import merge_values
from tashika.mails import uses as mail_uses
from tashika.people import contacts, defining, fields, queries
from tashika.people.models import Contact, CustomField

pytestmark = pytest.mark.django_db


def define(key: str, type: str, now: datetime, choices: tuple[str, ...] = ()) -> CustomField:
    return defining.create(key=key, label=key.title(), type=type, choices=list(choices), by=SYSTEM, now=now)


def add(now: datetime, **custom: Any) -> Contact:
    return contacts.add(values={"email": "a@example.jp", "custom": custom}, by=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("type", "choices", "given", "kept"),
    [
        ("text", (), " 第一工場 ", "第一工場"),
        ("number", (), "1,200", 1200),
        ("number", (), "0.5", 0.5),
        ("date", (), "2026/4/01", None),
        ("date", (), "2026/04/01", "2026-04-01"),
        ("choice", ("圧力計", "流量計"), "流量計", "流量計"),
        ("choice", ("圧力計", "流量計"), "温度計", None),
        ("multi_choice", ("圧力計", "流量計"), ["圧力計", "流量計"], ["圧力計", "流量計"]),
        ("multi_choice", ("圧力計", "流量計"), "圧力計、流量計", ["圧力計", "流量計"]),
        ("yes_no", (), "はい", True),
        ("yes_no", (), "いいえ", False),
        ("yes_no", (), "たぶん", None),
        ("number", (), "十", None),
    ],
)
def test_each_type_keeps_its_own_values(
    type: str, choices: tuple[str, ...], given: Any, kept: Any, now: datetime
) -> None:
    define("one", type, now, choices)
    if kept is None:
        with pytest.raises(fields.UnableToUseValue) as refused:
            add(now, one=given)
        assert refused.value.where == "custom.one"
    else:
        assert add(now, one=given).custom == {"one": kept}


@pytest.mark.parametrize(
    ("key", "type", "choices", "where"),
    [
        ("", "text", [], "key"),
        ("1a", "text", [], "key"),
        ("工場", "text", [], "key"),
        ("a-b", "text", [], "key"),
        ("KNOWN", "text", [], "key"),
        ("new", "colour", [], "type"),
        ("new", "choice", [], "choices"),
        ("new", "choice", [" "], "choices"),
        ("new", "multi_choice", ["a;b"], "choices"),
    ],
)
def test_what_can_not_be_defined_says_where(key: str, type: str, choices: list[str], where: str, now: datetime) -> None:
    define("known", "text", now)
    with pytest.raises(defining.UnableToDefineField) as refused:
        defining.create(key=key, label="x", type=type, choices=choices, by=SYSTEM, now=now)
    assert refused.value.where == where


def test_an_archived_field_is_offered_nowhere_and_nothing_that_uses_it_breaks(editor: User, now: datetime) -> None:
    field = define("plant", "text", now)
    contact = add(now, plant="第一工場")
    rule = {"op": "and", "rules": [{"field": "custom.plant", "test": "is", "value": "第一工場"}]}
    asking = drafting.create(kind=Kind.SEGMENT, name="第一", draft={"rule": rule}, by=editor, now=now)
    text = "{{ contact.custom.plant | default: '' }}"
    showing = drafting.create(kind=Kind.MAIL, name="案内", draft={"text": text}, by=editor, now=now)
    drafting.create(kind=Kind.MAIL, name="別", draft={"text": "contact.custom.plant_2"}, by=editor, now=now)
    assert segment_uses.of_field("plant") == [asking]
    assert mail_uses.of_field("plant") == [showing]
    assert queries.values_count("plant") == 1
    defining.archive(field=field, by=SYSTEM, now=now)
    assert fields.active() == []
    assert "contact.custom.plant" not in [one.name for one in merge_values.menu()]
    assert "custom.plant" not in schema.offered({"op": "and", "rules": []})
    assert "custom.plant" in schema.offered(rule)
    assert matching.count({"rule": rule}) == 1
    assert "contact.custom.plant" in merge_values.known_names()
    with pytest.raises(fields.UnableToUseValue):
        contacts.change(contact=contact, values={"custom": {"plant": "第二工場"}}, by=SYSTEM, now=now)
    changed = contacts.change(contact=contact, values={"family_name": "佐藤", "custom": {}}, by=SYSTEM, now=now)
    assert changed.custom == {"plant": "第一工場"}
    defining.bring_back(field=field, by=SYSTEM, now=now)
    assert [one.key for one in fields.active()] == ["plant"]
    verbs = AuditEntry.objects.filter(subject="field:plant").values_list("verb", flat=True)
    assert sorted(verbs) == ["archive_field", "bring_back_field", "create_field"]


def test_a_choice_that_contacts_have_can_not_go(now: datetime) -> None:
    one = define("one", "choice", now, ("圧力計", "流量計"))
    several = define("several", "multi_choice", now, ("東", "西"))
    add(now, one="圧力計", several=["西"])
    for field, left in ((one, ["流量計"]), (several, ["東"])):
        with pytest.raises(defining.UnableToDefineField, match="1"):
            defining.change(field=field, label=None, choices=left, by=SYSTEM, now=now)
    changed = defining.change(field=one, label="製品", choices=["温度計", "圧力計"], by=SYSTEM, now=now)
    assert (changed.label, changed.choices, changed.key) == ("製品", ["温度計", "圧力計"], "one")


def test_fields_are_put_in_an_order(now: datetime) -> None:
    for key in ("a", "b", "c"):
        define(key, "text", now)
    defining.reorder(keys=["c", "a"], by=SYSTEM, now=now)
    assert [field.key for field in fields.active()] == ["c", "a", "b"]


def test_the_history_shows_each_custom_field_by_itself(now: datetime) -> None:
    define("plant", "text", now)
    define("size", "number", now)
    contact = add(now, plant="第一工場", size=3)
    contacts.change(contact=contact, values={"custom": {"size": "4"}}, by=SYSTEM, now=now)
    assert queries.history(contact.pk)[0]["changes"] == {"custom.size": [3, 4]}
    contacts.change(contact=contact, values={"custom": {"size": ""}}, by=SYSTEM, now=now)
    contact.refresh_from_db()
    assert contact.custom == {"plant": "第一工場"}


def test_an_owner_is_one_of_our_people(editor: User, now: datetime) -> None:
    contact = add(now)
    changed = contacts.change(contact=contact, values={"owner": editor.email.upper()}, by=SYSTEM, now=now)
    changed = contacts.change(contact=contact, values={"external_id": "A-1"}, by=SYSTEM, now=now)
    assert changed.owner == editor
    assert set(changed.field_sources) == {"owner", "external_id"}
    with pytest.raises(contacts.UnableToSaveContact) as refused:
        contacts.change(contact=contact, values={"owner": "nobody@staff.example.jp"}, by=SYSTEM, now=now)
    assert refused.value.where == "owner"
    assert contacts.change(contact=contact, values={"owner": ""}, by=SYSTEM, now=now).owner is None

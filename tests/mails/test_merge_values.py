"""Merge values come from one SQL expression, for one and for all."""

import pytest
from django.db import connection

from tashika.accounts.models import User
from tashika.core import clock
from tashika.mails import merge_values
from tashika.people.models import Contact, CustomField

pytestmark = pytest.mark.django_db


def contact(**given: object) -> Contact:
    now = clock.now()
    email = str(given.pop("email", "taro@example.jp"))
    return Contact.objects.create(
        email=email, email_key=email, address_hash=b"x" * 32, created_at=now, updated_at=now, **given
    )


def test_values_for_one_contact() -> None:
    CustomField.objects.create(key="member_since", label="入会日", type="date")
    CustomField.objects.create(key="rank", label="ランク", type="choice")
    CustomField.objects.create(key="likes", label="興味", type="multi_choice")
    someone = contact(family_name="髙橋", custom={"member_since": "2026-04-01", "likes": ["A", "B"]})
    values = merge_values.values_for(someone)["contact"]
    assert values["family_name"] == "髙橋"
    assert values["given_name"] == ""
    assert values["custom"] == {"member_since": "2026年4月1日", "likes": ["A", "B"], "rank": None}


def test_values_are_set_based_and_hold_only_what_the_mail_needs() -> None:
    contact(family_name="田中", email="a@example.jp")
    contact(family_name="佐藤", email="b@example.jp")
    sql, parameters = merge_values.values_sql(["contact.family_name", "contact.custom.x%'y", "organisation.name"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql} FROM people_contact c ORDER BY c.id", parameters)
        rows = [row[0] for row in cursor.fetchall()]
    assert len(rows) == 2
    assert '"family_name": "田中"' in str(rows[0]).replace("'", '"')


def test_more_custom_fields_than_a_function_takes_arguments() -> None:
    for number in range(90):
        CustomField.objects.create(key=f"k{number}", label=str(number), type="text")
    assert merge_values.values_for(contact(custom={"k89": "last"}))["contact"]["custom"]["k89"] == "last"


def test_owner_is_a_name() -> None:
    owner = User.objects.create(email="sales@example.jp", name="営業太郎", created_at=clock.now())
    assert merge_values.values_for(contact(owner=owner))["contact"]["owner_name"] == "営業太郎"


def test_empty_values_have_the_same_fields() -> None:
    CustomField.objects.create(key="rank", label="ランク", type="choice")
    full, empty = merge_values.values_for(contact()), merge_values.empty_values()
    assert full["contact"].keys() == empty["contact"].keys()
    assert full["contact"]["custom"].keys() == empty["contact"]["custom"].keys()


def test_fields_of_names_what_the_mail_needs() -> None:
    body = {
        "subject": "{{ contact.family_name }}",
        "format": "text",
        "from_email": "a@example.jp",
        "text": "{{ contact.custom.rank }} {{ organisation.name }} {{ opt_out_url }}",
    }
    assert merge_values.fields_of(body) == ["contact.family_name", "contact.custom.rank"]


def test_every_menu_field_is_known() -> None:
    CustomField.objects.create(key="rank", label="ランク", type="choice")
    assert {field.name for field in merge_values.menu()} == merge_values.known_names()

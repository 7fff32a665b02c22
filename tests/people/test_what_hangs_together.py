"""Taggings and companies keep to their contacts without foreign keys, by whatever door a row goes."""

from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from tashika.accounts.models import User
from tashika.core.actors import SYSTEM
from tashika.people import contacts, staging, tagging
from tashika.people.models import Consent, Contact, Tagging
from tests.people.test_importing import GOOD, HEADER, imported


@pytest.mark.parametrize(
    ("gone", "taggings", "companies"),
    [("people_contact", 0, []), ("people_tag", 0, ["みらい"]), ("people_company", 1, [None])],
)
@pytest.mark.django_db
def test_what_hangs_on_a_row_goes_with_it(
    gone: str, taggings: int, companies: list[str | None], editor: User, now: datetime
) -> None:
    imported(f"{HEADER}\n{GOOD}\n", editor, now, tags=["展示会"])
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {gone}")
    assert Tagging.objects.count() == taggings
    assert list(Contact.objects.values_list("company__key", flat=True)) == companies


@pytest.mark.django_db
def test_nobody_tags_a_contact_that_is_not_there(now: datetime) -> None:
    contact = contacts.add(values={"email": "a@example.jp"}, by=SYSTEM, now=now)
    tag = tagging.of_name("展示会", now=now)
    assert tagging.put_on(tag=tag, contact_ids=[contact.pk, contact.pk + 1], by=SYSTEM, now=now) == 1


@pytest.mark.django_db(transaction=True)
def test_an_address_that_another_door_adds_meanwhile_is_known(
    editor: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, times = staging._companies, []

    def meanwhile(cursor: Any) -> None:
        if not times:
            with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
                other.execute(
                    "INSERT INTO people_contact (email, email_key, address_hash, created_at, updated_at)"
                    " VALUES ('a@example.jp', 'a@example.jp', '', now(), now())"
                )
        times.append(1)
        usual(cursor)

    monkeypatch.setattr(staging, "_companies", meanwhile)
    made = imported(f"{HEADER}\n{GOOD}\n{GOOD.replace('a@', 'b@')}\n", editor, now, consent_ground="form", tags=["x"])
    assert (made.created, made.updated, len(times)) == (1, 1, 2)
    assert Contact.objects.get(email="a@example.jp").family_name == "佐藤"
    assert Consent.objects.count() == Tagging.objects.count() == 2


@pytest.mark.django_db
def test_tags_of_rows_and_of_the_import_are_put_once(editor: User, now: datetime) -> None:
    rows = f"{HEADER},タグ\n{GOOD},展示会; 既存 ;;展示会\n{GOOD.replace('a@', 'b@')},\n"
    for _ in range(2):
        imported(rows, editor, now, tags=["展示会", "展示会", "春"])
    put = sorted(Tagging.objects.values_list("contact__email", "tag__name"))
    words = {"a@example.jp": ["展示会", "既存", "春"], "b@example.jp": ["展示会", "春"]}
    assert put == sorted((email, word) for email, names in words.items() for word in names)

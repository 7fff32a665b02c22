"""Merge values: which a mail needs, the SQL that gives them for a whole audience, and the menu of fields.

The values recorded in the ledger come from `values_sql`, whoever asks: planning for a million, a preview for one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tashika.core.text import Text, t
from tashika.mails.compiling import compile_mail
from tashika.mails.fields import CONTACT_FIELDS, OPT_OUT_LABEL, OPT_OUT_URL, ORGANISATION_FIELDS
from tashika.mails.merging import STANDARD_FIELDS
from tashika.people.models import Contact, CustomField

_OWNER = "(SELECT owner.name FROM accounts_user owner WHERE owner.id = c.owner_id)"
_PER_OBJECT = 40  # jsonb_build_object takes 100 arguments at most


@dataclass(frozen=True, slots=True)
class MenuField:
    """A field as the editor's menu offers it. `group` is contact, custom, organisation or link."""

    name: str
    label: Text
    group: str


def menu() -> list[MenuField]:
    """Every merge field with its label, the organisation's own fields included."""
    custom = CustomField.objects.filter(archived_at=None).order_by("position", "id").values_list("key", "label")
    return [
        *(MenuField(f"contact.{name}", t(*labels), "contact") for name, labels in CONTACT_FIELDS.items()),
        *(MenuField(f"contact.custom.{key}", t(label, label), "custom") for key, label in custom),
        *(
            MenuField(f"organisation.{name}", t(*labels), "organisation")
            for name, labels in ORGANISATION_FIELDS.items()
        ),
        MenuField(OPT_OUT_URL, t(*OPT_OUT_LABEL), "link"),
    ]


def known_names() -> frozenset[str]:
    """The full names of all merge fields there are; of archived ones too, so that no mail breaks."""
    keys = CustomField.objects.values_list("key", flat=True)
    return STANDARD_FIELDS | {f"contact.custom.{key}" for key in keys}


def fields_of(body: Mapping[str, Any]) -> list[str]:
    """The contact's fields that a mail needs, such as contact.family_name. Raises UnableToCompile."""
    return list(compile_mail(body, organisation={}).fields)


def values_sql(fields: Iterable[str]) -> tuple[str, list[Any]]:
    """SQL of the jsonb object of these fields for `people_contact c`, with its parameters.

    Dates read 2026年4月1日; an unset field is null or empty. Fields other than a contact's are ignored.
    """
    wanted = list(dict.fromkeys(name.removeprefix("contact.") for name in fields if name.startswith("contact.")))
    parameters: list[Any] = []
    standard = _object([(name, _column(name)) for name in wanted if name in CONTACT_FIELDS], parameters)
    keys = [name.removeprefix("custom.") for name in wanted if name.startswith("custom.")]
    dates = set(CustomField.objects.filter(key__in=keys, type="date").values_list("key", flat=True)) if keys else set()
    custom_parameters: list[Any] = []
    custom = _object([(key, _custom(key, key in dates)) for key in keys], custom_parameters)
    sql = f"jsonb_build_object('contact', {standard} || jsonb_build_object('custom', {custom}))"
    return sql, [*parameters, *custom_parameters]


def values_for(contact: Contact, fields: Iterable[str] | None = None) -> dict[str, Any]:
    """The merge values of one contact as the ledger would record them, of all fields unless some are named."""
    sql, parameters = values_sql(known_names() if fields is None else fields)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}::text FROM people_contact c WHERE c.id = %s", [*parameters, contact.pk])
        row = cursor.fetchone()
    return dict(json.loads(row[0])) if row else empty_values(fields)


def empty_values(fields: Iterable[str] | None = None) -> dict[str, Any]:
    """The merge values of somebody of whom nothing is known."""
    names = [name.removeprefix("contact.") for name in (known_names() if fields is None else fields)]
    contact: dict[str, Any] = {name: "" for name in names if name in CONTACT_FIELDS}
    contact["custom"] = {name.removeprefix("custom."): None for name in names if name.startswith("custom.")}
    return {"contact": contact}


def _column(name: str) -> tuple[str, list[Any]]:
    return (_OWNER if name == "owner_name" else f"c.{name}"), []


def _custom(key: str, is_date: bool) -> tuple[str, list[Any]]:
    if is_date:
        pattern = r"'^(\d{4})-0?(\d{1,2})-0?(\d{1,2})$', '\1年\2月\3日'"
        return f"to_jsonb(regexp_replace(c.custom->>%s::text, {pattern}))", [key]
    return "c.custom->%s::text", [key]


def _object(members: list[tuple[str, tuple[str, list[Any]]]], parameters: list[Any]) -> str:
    """SQL of a jsonb object; adds its parameters in order."""
    objects = []
    for start in range(0, len(members), _PER_OBJECT):
        pairs = []
        for name, (sql, needed) in members[start : start + _PER_OBJECT]:
            pairs.append(f"%s::text, {sql}")
            parameters += [name, *needed]
        objects.append(f"jsonb_build_object({', '.join(pairs)})")
    return "(" + " || ".join(objects) + ")" if objects else "'{}'::jsonb"

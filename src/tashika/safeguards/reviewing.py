"""Look at a broadcast before it is published: how many, who not and why, ten samples with the worst first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from tashika.audiences import matching
from tashika.contents.models import Content
from tashika.delivery import planning
from tashika.delivery.planning import Audience, Forecast
from tashika.mails import drafting, merge_values, previewing
from tashika.mails.checking import Problem
from tashika.mails.previewing import Preview
from tashika.people.models import Contact
from tashika.scenarios import broadcasts
from tashika.scenarios.publishing import Clearance

SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """One recipient's mail as it would be, and why it was picked."""

    contact: Contact
    preview: Preview
    oddities: list[str]


@dataclass(frozen=True, slots=True)
class Review:
    """What a person looks at before publishing."""

    forecast: Forecast
    samples: list[Sample]
    problems: list[Problem]
    clearance: Clearance


def review(*, scenario: Content, now: datetime) -> Review:
    """Look at a broadcast as it stands. Raises UnableToReadBroadcast, UnableToMatch."""
    broadcast = broadcasts.of(scenario)
    audience = matching.audience_sql(broadcast.segment.draft, broadcast.segment.pk)
    body = broadcast.mail.draft
    forecast = planning.preview(audience=audience, commercial=planning.is_commercial(body))
    problems = drafting.problems(body)
    samples: list[Sample] = []
    if not any(problem.severity == "error" for problem in problems):
        samples = [
            Sample(contact, previewing.preview(body, contact=contact, now=now), oddities)
            for contact, oddities in _worst(audience, body)
        ]
    return Review(forecast, samples, problems, Clearance(broadcasts.bill_hash(broadcast), forecast.planned))


# What makes a recipient's mail likely to look wrong, each with its code. An empty value counts where the mail shows it.
_NAMES = ("c.family_name", "c.given_name")
_EMPTY = {
    "no_family_name": "family_name",
    "no_given_name": "given_name",
    "no_company": "company_name",
}
_ODDITIES = {
    "digits_in_name": " OR ".join(f"{name} ~ '[0-9０-９@]'" for name in _NAMES),
    "space_in_name": " OR ".join(f"{name} ~ '[ 　]'" for name in _NAMES),
    "honorific_in_name": " OR ".join(f"{name} ~ '.(様|さん|殿|御中|先生)$'" for name in _NAMES),
    "placeholder": "(c.family_name || c.given_name || c.company_name) ~ '[■●〓�]'",
    "long_value": "length(c.company_name) > 30 OR length(c.family_name || c.given_name) > 12",
}


def _worst(audience: Audience, body: dict[str, Any]) -> list[tuple[Contact, list[str]]]:
    """Those of the audience who would get it, the oddest first; one statement over the set."""
    statement, values = audience
    shown = {name.removeprefix("contact.") for name in merge_values.fields_of(body)}
    tests = {code: f"c.{name} = ''" for code, name in _EMPTY.items() if name in shown} | _ODDITIES
    custom = [name.removeprefix("custom.") for name in sorted(shown) if name.startswith("custom.")]
    if custom:
        tests["no_custom_value"] = f"({' OR '.join(['coalesce(c.custom ->> %s, %s) = %s'] * len(custom))})"
    total = " + ".join(f"({condition})::int" for condition in tests.values())
    blanks = [part for key in custom for part in (key, "", "")]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, {', '.join(f'({condition})' for condition in tests.values())}"
            " FROM (SELECT %s::boolean AS commercial) d"
            f" JOIN people_contact c ON c.id IN ({statement})"
            " LEFT JOIN people_suppression s ON s.address_hash = c.address_hash"
            f" WHERE ({planning.eligibility()}) = ''"
            f" ORDER BY {total} DESC, length(c.company_name) DESC, c.id LIMIT %s",
            [*blanks, planning.is_commercial(body), *values, *blanks, SAMPLES],
        )
        rows = cursor.fetchall()
    contacts = Contact.objects.in_bulk([row[0] for row in rows])
    return [(contacts[row[0]], [code for code, holds in zip(tests, row[1:], strict=True) if holds]) for row in rows]

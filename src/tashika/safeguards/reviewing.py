"""Look at a broadcast before it is published: how many, who not and why, ten samples with the worst first."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tashika.audiences import matching
from tashika.contents.models import Content
from tashika.delivery import planning
from tashika.delivery.planning import Audience, Forecast
from tashika.mails import drafting, previewing
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
            for contact, oddities in _worst(audience)
        ]
    return Review(forecast, samples, problems, Clearance(broadcasts.bill_hash(broadcast), forecast.planned))


# What makes a recipient's mail likely to look wrong, each with its code.
_ODDITIES = {
    "no_family_name": "c.family_name = ''",
    "no_given_name": "c.given_name = ''",
    "no_company": "c.company_name = ''",
    "digits_in_name": "(c.family_name || c.given_name) ~ '[0-9０-９@]'",
    "space_in_name": "c.family_name ~ '[ 　]'",
    "honorific_in_name": "(c.family_name || c.given_name) ~ '(様|さん|殿|御中|先生)$'",
    "placeholder": "(c.family_name || c.given_name || c.company_name) ~ '[■●〓�]'",
    "long_value": "length(c.company_name) > 30 or length(c.family_name || c.given_name) > 12",
}


def _worst(audience: Audience) -> list[tuple[Contact, list[str]]]:
    statement, values = audience
    scores = ", ".join(f"({condition})" for condition in _ODDITIES.values())
    total = " + ".join(f"({condition})::int" for condition in _ODDITIES.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, {scores} FROM people_contact c WHERE c.id IN ({statement}) AND c.consent <> 'withdrawn'"
            f" ORDER BY {total} DESC, c.id LIMIT %s",
            [*values, SAMPLES],
        )
        rows = cursor.fetchall()
    contacts = Contact.objects.in_bulk([row[0] for row in rows])
    return [(contacts[row[0]], [code for code, holds in zip(_ODDITIES, row[1:], strict=True) if holds]) for row in rows]

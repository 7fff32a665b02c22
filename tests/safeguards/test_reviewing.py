"""The review says how many, who not and why, and shows the oddest first."""

from datetime import datetime

import pytest

from tashika.contents import drafting
from tashika.contents.queries import by_public_id
from tashika.core.actors import SYSTEM
from tashika.people import consent, defining, suppression
from tashika.people.models import Contact
from tashika.safeguards import reviewing
from tests.scenarios.conftest import broadcast_to


@pytest.mark.django_db
def test_the_numbers_are_those_of_the_plan(now: datetime) -> None:
    scenario = broadcast_to(10, now)
    people = list(Contact.objects.order_by("pk"))
    consent.opt_out(contact_id=people[0].pk, address=people[0].email, now=now)
    suppression.add(addresses=[people[1].email], reason="manual", detail="", by=SYSTEM, now=now)
    Contact.objects.filter(pk=people[2].pk).update(consent="none")
    review = reviewing.review(scenario=scenario, now=now)
    assert review.forecast.planned == review.clearance.people == 7
    assert review.forecast.excluded == {"opted_out": 1, "suppressed": 1, "no_consent": 1}


@pytest.mark.django_db
def test_the_oddest_come_first_with_what_is_odd(now: datetime) -> None:
    scenario = broadcast_to(30, now)
    Contact.objects.update(family_name="田中", given_name="健一")
    people = list(Contact.objects.order_by("pk"))
    Contact.objects.filter(pk=people[17].pk).update(family_name="", company_name="")
    Contact.objects.filter(pk=people[23].pk).update(family_name="田中様")
    samples = reviewing.review(scenario=scenario, now=now).samples
    assert len(samples) == 10
    assert [sample.contact.pk for sample in samples[:2]] == [people[17].pk, people[23].pk]
    assert samples[0].oddities == ["no_family_name", "no_company"]
    assert samples[1].oddities == ["honorific_in_name"]
    assert "田中様 健一 様" in samples[1].preview.text


@pytest.mark.django_db
def test_an_empty_value_counts_only_where_the_mail_shows_it(now: datetime) -> None:
    scenario = broadcast_to(12, now)
    Contact.objects.update(family_name="田中", given_name="健一")
    defining.create(key="plan", label="契約", type="text", choices=[], by=SYSTEM, now=now)
    people = list(Contact.objects.order_by("pk"))
    Contact.objects.exclude(pk=people[7].pk).update(custom={"plan": "A"})
    Contact.objects.filter(pk=people[3].pk).update(company_name="")
    mail = by_public_id(scenario.draft["mail"])
    text = "{{ contact.family_name }}様 {{ contact.custom.plan | default: '標準' }} {{ opt_out_url }}"
    drafting.save(content=mail, draft={**mail.draft, "text": text}, by=None, now=now)
    samples = reviewing.review(scenario=scenario, now=now).samples
    assert (samples[0].contact.pk, samples[0].oddities) == (people[7].pk, ["no_custom_value"])
    assert not any("no_company" in sample.oddities for sample in samples)


@pytest.mark.django_db
def test_samples_are_people_who_would_get_it(now: datetime) -> None:
    scenario = broadcast_to(12, now)
    people = list(Contact.objects.order_by("pk"))
    Contact.objects.filter(pk=people[0].pk).update(family_name="")
    suppression.add(addresses=[people[0].email], reason="manual", detail="", by=SYSTEM, now=now)
    Contact.objects.filter(pk=people[1].pk).update(family_name="", consent="none")
    shown = {sample.contact.pk for sample in reviewing.review(scenario=scenario, now=now).samples}
    assert not shown & {people[0].pk, people[1].pk}


@pytest.mark.django_db
def test_a_mail_with_errors_shows_them_instead_of_samples(now: datetime) -> None:
    scenario = broadcast_to(3, now)
    mail = by_public_id(scenario.draft["mail"])
    drafting.save(content=mail, draft={**mail.draft, "text": "{{ contact.nothing }}"}, by=None, now=now)
    review = reviewing.review(scenario=scenario, now=now)
    assert review.samples == []
    assert [problem.severity for problem in review.problems].count("error") >= 1

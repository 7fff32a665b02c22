"""Companies: renamed and joined; whoever writes a former name means the company that it leads to."""

from datetime import datetime

import pytest

from tashika.accounts.models import User
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.people import companies, contacts, queries
from tashika.people.models import Company, Contact
from tests.people.test_importing import imported

pytestmark = pytest.mark.django_db


def add(address: str, company: str, now: datetime) -> Contact:
    return contacts.add(values={"email": address, "company_name": company}, by=SYSTEM, now=now)


def test_a_renamed_company_is_meant_by_its_old_name(editor: User, now: datetime) -> None:
    contact = add("a@example.jp", "株式会社みらい", now)
    company = Company.objects.get()
    changed = companies.rename(company=company, name="あした計測株式会社", in_contacts=False, by=SYSTEM, now=now)
    assert changed == 0
    contact.refresh_from_db()
    assert contact.company_name == "株式会社みらい"
    assert add("b@example.jp", "㈱みらい", now).company == company
    imported(
        "メールアドレス,姓,名,会社名\nc@example.jp,佐藤,健太,みらい\na@example.jp,佐藤,健太,(株)みらい\n", editor, now
    )
    assert queries.company_counts([company.pk]) == {company.pk: 3}
    assert [one.name for one in queries.companies("みらい")] == ["あした計測株式会社"]
    assert [one.name for one in queries.companies()] == ["あした計測株式会社"]


def test_renaming_in_the_contacts_too_keeps_the_old_name_in_their_history(now: datetime) -> None:
    contact = add("a@example.jp", "株式会社みらい", now)
    company = Company.objects.get()
    assert companies.rename(company=company, name="株式会社あした", in_contacts=True, by=SYSTEM, now=now) == 1
    contact.refresh_from_db()
    assert (contact.company_name, contact.company) == ("株式会社あした", company)
    first = queries.history(contact.pk)[0]
    assert first["changes"] == {"company_name": ["株式会社みらい", "株式会社あした"]}
    assert contact.field_sources["company_name"] == first["source"].pk
    back = companies.rename(company=company, name="株式会社みらい", in_contacts=True, by=SYSTEM, now=now)
    assert back == 1
    assert [one.name for one in queries.companies("あした")] == ["株式会社みらい"]


def test_a_change_of_the_legal_form_is_a_rename_too(now: datetime) -> None:
    add("a@example.jp", "有限会社みらい", now)
    company = Company.objects.get()
    companies.rename(company=company, name="株式会社みらい", in_contacts=False, by=SYSTEM, now=now)
    assert [(one.name, one.key) for one in Company.objects.all()] == [("株式会社みらい", "みらい")]


@pytest.mark.parametrize("name", ["", " ", "あした㈱"])
def test_a_name_that_is_empty_or_another_companys_is_refused(name: str, now: datetime) -> None:
    add("a@example.jp", "株式会社みらい", now)
    add("b@example.jp", "株式会社あした", now)
    company = Company.objects.get(key="みらい")
    with pytest.raises(companies.UnableToNameCompany):
        companies.rename(company=company, name=name, in_contacts=False, by=SYSTEM, now=now)


def test_joined_companies_stay_joined_when_a_contact_is_changed(now: datetime) -> None:
    one, other = add("a@example.jp", "株式会社みらい", now), add("b@example.jp", "みらいホールディングス", now)
    assert one.company and other.company
    moved = companies.join(company=other.company, into=one.company, by=SYSTEM, now=now)
    assert moved == 1
    other = contacts.change(contact=other, values={"family_name": "佐藤"}, by=SYSTEM, now=now)
    assert other.company == one.company
    assert other.company_name == "みらいホールディングス"
    assert [one.name for one in queries.companies()] == ["株式会社みらい"]
    assert AuditEntry.objects.get(verb="join_companies").detail["contacts"] == 1


def test_a_company_is_not_joined_to_itself_or_to_a_former_name(now: datetime) -> None:
    one, other = add("a@example.jp", "株式会社みらい", now).company, add("b@example.jp", "株式会社あした", now).company
    assert one and other
    companies.join(company=other, into=one, by=SYSTEM, now=now)
    other.refresh_from_db()
    for company, into in ((one, one), (other, one), (one, other)):
        with pytest.raises(companies.UnableToJoinCompanies):
            companies.join(company=company, into=into, by=SYSTEM, now=now)

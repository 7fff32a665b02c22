"""Companies: contacts joined by the normalised name. The written form is kept for display."""

import re
import unicodedata
from datetime import datetime

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import sources
from tashika.people.models import Company, Contact

_FORMS = (
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "合名会社",
    "一般社団法人",
    "公益社団法人",
    "一般財団法人",
    "公益財団法人",
    "医療法人社団",
    "医療法人",
    "学校法人",
    "社会福祉法人",
    "特定非営利活動法人",
    "カブシキガイシャ",
    "(株)",
    "(有)",
    "(同)",
    "co.,ltd.",
    "co., ltd.",
    "inc.",
    "ltd.",
)


class UnableToNameCompany(TashikaError):
    """The name is empty, or another company's."""

    code = "unable_to_name_company"
    status = 422


class UnableToJoinCompanies(TashikaError):
    """A company can't be joined to itself or to a former name."""

    code = "unable_to_join_companies"


def company_key(name: str) -> str:
    """What makes two spellings one company: width, case, spaces and legal form aside. Empty for an empty name.

    NFKC turns ㈱ into (株) and ㍿ into 株式会社; used for comparison only, never for display.
    """
    key = unicodedata.normalize("NFKC", name).lower()
    for form in _FORMS:
        key = key.replace(form, "")
    key = re.sub(r"[\s\u3000・.,'’\-‐－―ー]+", "", key)
    return key[:300] or re.sub(r"\s+", "", unicodedata.normalize("NFKC", name).lower())[:300]


def of_name(name: str) -> Company | None:
    """The company that a name means, made if there is none yet; None for an empty name."""
    key = company_key(name)
    if not key:
        return None
    company, _ = Company.objects.select_related("leads_to").get_or_create(
        key=key, defaults={"name": name.strip()[:300]}
    )
    return company.leads_to or company


def rename(*, company: Company, name: str, in_contacts: bool, by: Actor, now: datetime) -> int:
    """Give a company another name; who writes the old one goes on meaning it. With `in_contacts` the name that its
    contacts carry, and that mails show, changes too; how many did. Raises UnableToNameCompany."""
    name = " ".join(name.split())[:300]
    key = company_key(name)
    if not key:
        raise UnableToNameCompany(t("名前を入力してください。", "Give a name."), where="name")
    with transaction.atomic():
        current = Company.objects.select_for_update().get(pk=company.pk)
        old, old_key = current.name, current.key
        known = Company.objects.filter(key=key).exclude(pk=current.pk).first()
        if known is not None and known.leads_to_id != current.pk:
            raise UnableToNameCompany(
                t("「{name}」はすでにあります。", "There is “{name}” already.", name=known.name),
                fix=t("1つにするには「まとめる」を使ってください。", "To make them one, join them."),
                where="name",
            )
        if known is not None:
            known.delete()
        current.name, current.key = name, key
        current.save(update_fields=["name", "key"])
        if key != old_key:
            Company.objects.create(name=old, key=old_key, leads_to=current)
        changed = _write_name(current, by, now) if in_contacts else 0
        detail = {"from": old, "to": name, "contacts": changed}
        audit.record(actor=by, verb="rename_company", subject=f"company:{current.pk}", now=now, detail=detail)
    return changed


def join(*, company: Company, into: Company, by: Actor, now: datetime) -> int:
    """Make two companies one: the contacts go over, and whoever writes the old name means the other from now on. The
    name that the contacts carry stays as written. How many went over. Raises UnableToJoinCompanies."""
    if company.pk == into.pk or company.leads_to_id or into.leads_to_id:
        raise UnableToJoinCompanies(t("別の会社を選んでください。", "Choose another company."), where="into")
    with transaction.atomic():
        list(Company.objects.select_for_update().filter(pk__in=[company.pk, into.pk]).order_by("pk"))
        moved = Contact.objects.filter(company=company).update(company=into)
        Company.objects.filter(leads_to=company).update(leads_to=into)
        Company.objects.filter(pk=company.pk).update(leads_to=into)
        detail = {"name": company.name, "into": into.name, "contacts": moved}
        audit.record(actor=by, verb="join_companies", subject=f"company:{into.pk}", now=now, detail=detail)
    return moved


def _write_name(company: Company, by: Actor, now: datetime) -> int:
    """Give every contact of a company its name, the old one kept in the history."""
    source = sources.of_actor(by, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_contact_history (contact_id, at, source_id, act, changes)"
            " SELECT id, %s, %s, 'updated', jsonb_build_object('company_name', jsonb_build_array(company_name, %s::text))"
            " FROM people_contact WHERE company_id = %s AND company_name <> %s",
            [now, source.pk, company.name, company.pk, company.name],
        )
        cursor.execute(
            "UPDATE people_contact SET company_name = %s, updated_at = %s,"
            " field_sources = field_sources || jsonb_build_object('company_name', %s::bigint)"
            " WHERE company_id = %s AND company_name <> %s",
            [company.name, now, source.pk, company.pk, company.name],
        )
        return int(cursor.rowcount)

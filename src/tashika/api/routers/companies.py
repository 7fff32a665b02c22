"""Companies: contacts grouped by the normalised name."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tashika.api.app import actor_of, require
from tashika.api.paging import Limit
from tashika.api.routers.tags import CountOut
from tashika.core import clock
from tashika.people import companies, queries

router = Router(tags=["companies"])


class CompanyOut(Schema):
    """A company and how many contacts it has."""

    id: int
    name: str
    contacts: int


class CompanyPage(Schema):
    """A page; `next` is the `after` of the next one."""

    items: list[CompanyOut]
    next: str | None


class CompanyIn(Schema):
    """Another name; with `in_contacts` the name that its contacts carry, and that mails show, changes too."""

    name: str = Field(min_length=1, max_length=300)
    in_contacts: bool = False


class JoinIn(Schema):
    """The company that the other becomes."""

    into: int


@router.get("/companies", response=CompanyPage)
def list_companies(
    request: HttpRequest, q: str = "", after: str = Query("", max_length=300), limit: Limit = 100
) -> dict[str, Any]:
    """Companies by their normalised name, or those in whose name the words occur."""
    require(request, "see")
    rows = list(queries.companies(q).filter(key__gt=after)[: limit + 1])
    counts = queries.company_counts([row.pk for row in rows[:limit]])
    items = [{"id": row.pk, "name": row.name, "contacts": counts.get(row.pk, 0)} for row in rows[:limit]]
    return {"items": items, "next": rows[limit - 1].key if len(rows) > limit else None}


@router.get("/companies/{company_id}", response=CompanyOut)
def get_company(request: HttpRequest, company_id: int) -> dict[str, Any]:
    """One company. Its contacts: `/contacts?company=`."""
    require(request, "see")
    return _shown(company_id)


@router.patch("/companies/{company_id}", response=CompanyOut)
def rename_company(request: HttpRequest, company_id: int, values: CompanyIn) -> dict[str, Any]:
    """Rename a company. Who writes the old name goes on meaning it."""
    require(request, "edit")
    found, by = queries.company(company_id), actor_of(request)
    companies.rename(company=found, name=values.name, in_contacts=values.in_contacts, by=by, now=clock.now())
    return _shown(company_id)


@router.post("/companies/{company_id}/join", response=CountOut)
def join_company(request: HttpRequest, company_id: int, values: JoinIn) -> dict[str, int]:
    """Make a company part of another; how many contacts went over. What they carry as a name stays."""
    require(request, "edit")
    found, into = queries.company(company_id), queries.company(values.into)
    return {"contacts": companies.join(company=found, into=into, by=actor_of(request), now=clock.now())}


def _shown(company_id: int) -> dict[str, Any]:
    found = queries.company(company_id)
    counts = queries.company_counts([found.pk])
    return {"id": found.pk, "name": found.name, "contacts": counts.get(found.pk, 0)}

"""Companies: the list, a company with its contacts, renaming, joining two."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.text import t
from tashika.people import companies, queries
from tashika.people.searching import Narrowing
from tashika.web.access import staff, user_of
from tashika.web.reading import number
from tashika.web.views import _lists


@require_GET
@staff("see")
def index(request: HttpRequest) -> HttpResponse:
    """The list with counts, by normalised name; with words, what was found as one types."""
    words, after = request.GET.get("q", "").strip().replace("\0", ""), request.GET.get("after", "").replace("\0", "")
    rows = list(queries.companies(words).filter(key__gt=after)[: _lists.PAGE + 1])
    shown = rows[: _lists.PAGE]
    counts = queries.company_counts([one.pk for one in shown])
    context = {
        "rows": [(one, counts.get(one.pk, 0)) for one in shown],
        "words": words,
        "next": shown[-1].key if len(rows) > _lists.PAGE else "",
    }
    part = request.htmx  # type: ignore[attr-defined]
    return render(request, "web/companies/_rows.html" if part else "web/companies/list.html", context)


@require_GET
@staff("see")
def company(request: HttpRequest, company_id: int) -> HttpResponse:
    """One company: its contacts and its other names."""
    found = queries.company(company_id)
    if found.pk != company_id:
        return redirect("company", found.pk)
    narrowing = Narrowing(company=found)
    context = {
        "company": found,
        "count": queries.company_counts([found.pk]).get(found.pk, 0),
        "former": found.former_names.order_by("name"),
        "address": _lists.address_of(narrowing),
        **_lists.page_of(narrowing, request.GET.get("after", "")),
    }
    return render(request, "web/companies/company.html", context)


@require_POST
@staff("edit")
def rename(request: HttpRequest, company_id: int) -> HttpResponse:
    """Another name; in the contacts too, where a person says so."""
    found = queries.company(company_id)
    changed = companies.rename(
        company=found,
        name=request.POST.get("name", ""),
        in_contacts=request.POST.get("in_contacts") == "1",
        by=actor_of(user_of(request)),
        now=clock.now(),
    )
    words = t(
        "名前を変えました。見込み顧客{n}人の会社名も変わりました。", "Renamed, in {n} contacts too.", n=f"{changed:,}"
    )
    messages.success(request, str(words if changed else t("名前を変えました。", "Renamed.")))
    return redirect("company", found.pk)


@require_http_methods(["GET", "POST"])
@staff("edit")
def join(request: HttpRequest, company_id: int) -> HttpResponse:
    """Find the company that this one is to become; POST joins them."""
    found = queries.company(company_id)
    if request.method == "POST":
        into = queries.company(number(request.POST.get("into")) or 0)
        moved = companies.join(company=found, into=into, by=actor_of(user_of(request)), now=clock.now())
        words = t(
            "{n}人を「{name}」にまとめました。", "{n} contacts are now with “{name}”.", n=f"{moved:,}", name=into.name
        )
        messages.success(request, str(words))
        return redirect("company", into.pk)
    words_ = request.GET.get("q", "").strip().replace("\0", "")
    others = list(queries.companies(words_).exclude(pk=found.pk)[:20]) if words_ else []
    counts = queries.company_counts([found.pk, *(one.pk for one in others)])
    context = {
        "company": found,
        "count": counts.get(found.pk, 0),
        "words": words_,
        "others": [(one, counts.get(one.pk, 0)) for one in others],
    }
    return render(request, "web/companies/join.html", context)


urlpatterns = [
    path("companies", index, name="companies"),
    path("companies/<int:company_id>", company, name="company"),
    path("companies/<int:company_id>/rename", rename, name="rename_company"),
    path("companies/<int:company_id>/join", join, name="join_company"),
]

"""What lists of contacts share: reading the narrowing from an address, and the rows of a page."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from tashika.core.text import Text, t
from tashika.people import queries, searching
from tashika.people.searching import Narrowing
from tashika.web.reading import number

PAGE = 50
CONSENTS: dict[str, Text] = {
    "given": t("同意あり", "Agreed"),
    "none": t("記録なし", "None on record"),
    "withdrawn": t("配信停止", "Opted out"),
}


def narrowing_of(given: QueryDict) -> Narrowing:
    """The narrowing that an address or a form says. Raises NotFound for a tag or company that is gone."""
    tag, company, consent = number(given.get("tag")), number(given.get("company")), given.get("consent", "")
    return Narrowing(
        words=given.get("q", "").strip().replace("\0", ""),
        tag=queries.tag(tag) if tag is not None else None,
        company=queries.company(company) if company is not None else None,
        consent=consent if consent in CONSENTS else "",
    )


def address_of(narrowing: Narrowing) -> str:
    """The same as a query string, for links."""
    said = {
        "q": narrowing.words,
        "tag": narrowing.tag.pk if narrowing.tag else "",
        "company": narrowing.company.pk if narrowing.company else "",
        "consent": narrowing.consent,
    }
    return urlencode({name: value for name, value in said.items() if value})


def page_of(narrowing: Narrowing, after: str) -> dict[str, Any]:
    """A page of contacts by number, never counted as a whole: `rows` and the `next` page's `after`."""
    rows = searching.first(narrowing, after=number(after) or 0, limit=PAGE + 1)
    return {"rows": rows[:PAGE], "next": rows[PAGE - 1].pk if len(rows) > PAGE else None}

"""Addresses of the API."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from tashika.api.app import api, problem
from tashika.api.documentation import documentation
from tashika.api.routers import (
    bounces,
    companies,
    contacts,
    contents,
    dispatches,
    doubts,
    fields,
    imports,
    mails,
    plain_contents,
    relay_queue,
    relays,
    scenarios,
    segments,
    sending_domains,
    suppressions,
    tags,
)
from tashika.core.text import t

for module in (
    contacts,
    tags,
    fields,
    companies,
    suppressions,
    imports,
    segments,
    mails,
    scenarios,
    plain_contents,
    contents,
    dispatches,
    doubts,
    bounces,
    relay_queue,
    relays,
    sending_domains,
):
    api.add_router("", module.router)


def nothing(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for under /api/v1."""
    title = t("このアドレスはありません。", "There is no such address.")
    return problem(request, 404, "not_found", title, fix="/api/v1/docs")


urlpatterns = [path("docs", documentation, name="api_docs"), path("", api.urls), re_path(".*", nothing)]

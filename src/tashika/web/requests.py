"""Every request has an id, which its log lines, its answer and its error page carry; requests are counted and timed."""

import logging
import re
import time

from django.http import HttpRequest, HttpResponse
from django.template import loader

from tashika.core import logs, processes
from tashika.web.middleware import Handler

log = logging.getLogger("tashika.web")

SLOW = 2.0  # seconds from which on a request is worth a line
_FOREIGN = re.compile(r"[A-Za-z0-9_-]{8,64}")  # an id that a proxy in front of us has given
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_READING = ("GET", "HEAD", "OPTIONS")


class RequestMiddleware:
    """The outermost. A stream is timed up to its beginning."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if _FOREIGN.fullmatch(given) else logs.speakable_id()  # type: ignore[attr-defined]
        with logs.within(request=request.request_id):  # type: ignore[attr-defined]
            response = self.get_response(request)
            _note(request, response, time.monotonic() - begun)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


def broken(request: HttpRequest) -> HttpResponse:
    """The page of a fault of ours. It asks nothing of the database, which may be what is broken."""
    page = loader.get_template("500.html").render({"request_id": getattr(request, "request_id", "")})
    return HttpResponse(page, status=500)


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as `c/<str:token>/<int:index>`: never what stood in its place."""
    match = request.resolver_match
    if match is not None:
        return "/" + match.route
    return "/static" if request.path.startswith("/static/") else ""


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route, status = route_of(request), response.status_code
    method = request.method if request.method in _METHODS else "other"
    processes.counts.add("http_requests", str(method), route, str(status))
    processes.counts.took("http_request_seconds", _way(route), seconds=seconds)
    user = request.__dict__.get("_cached_user")
    worth = status >= 500 or seconds > SLOW or method not in _READING
    ids = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
    if user is not None and user.pk:
        ids["user"] = user.pk
    log.log(logging.INFO if worth else logging.DEBUG, "answered", extra=ids)


def _way(route: str) -> str:
    """Which way in: pages of the staff, the API, what recipients and providers reach, or what watches us."""
    if route.startswith("/api/"):
        return "api"
    if route.startswith(("/u/", "/o/", "/c/", "/hooks/")):
        return "public"
    return "watching" if route in ("/healthz", "/readyz", "/metrics") else "pages"

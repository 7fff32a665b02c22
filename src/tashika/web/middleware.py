"""Language, errors and security headers for every page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation

from tashika.core import storable
from tashika.core.errors import TashikaError
from tashika.web.reading import ours

Handler = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """The person's language; before login the cookie's, else the installation's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        chosen = user.language if user is not None and user.is_authenticated else request.COOKIES.get("language")
        if chosen in ("ja", "en"):
            translation.activate(chosen)
        response = self.get_response(request)
        translation.deactivate()
        return response


class ErrorMiddleware:
    """Turns a TashikaError into a sentence for a person: for htmx into a notice, else into a page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TashikaError):
            return None
        if request.method == "POST" and not getattr(request, "htmx", False) and request.headers.get("Referer"):
            messages.error(request, f"{error.what} {error.fix}".strip())
            return HttpResponseRedirect(ours(request, request.headers["Referer"]))
        return _shown(request, error)


class StorableMiddleware:
    """Refuses a query or a form with what PostgreSQL can't keep; a page's address with NUL is nothing's. The API and the
    providers' hooks read their own."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, positional: object, named: dict[str, object]
    ) -> HttpResponse | None:
        if request.path.startswith(("/api/", "/hooks/")):
            return None
        of_staff = hasattr(view, "ability")  # recipients' links answer every forged token alike, by themselves
        if of_staff and any("\0" in part for part in named.values() if isinstance(part, str)):
            raise Http404
        try:
            for sent in (request.GET, request.POST):
                storable.check(dict(sent.lists()))
        except storable.UnableToStore as error:
            return _shown(request, error)
        return None


def _shown(request: HttpRequest, error: TashikaError) -> HttpResponse:
    template = "web/_notice.html" if getattr(request, "htmx", False) else "web/error.html"
    response = render(request, template, {"error": error}, status=error.status)
    if getattr(request, "htmx", False):
        response["HX-Retarget"] = "#notices"
        response["HX-Reswap"] = "innerHTML"
    return response


class SecurityHeadersMiddleware:
    """A strict content security policy: everything from our own host; mail previews are sandboxed frames (srcdoc)."""

    POLICY = (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.POLICY)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

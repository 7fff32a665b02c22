"""The API itself: who may, what errors look like (RFC 9457), which routers there are."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from tashika import __version__
from tashika.accounts import api_keys, roles
from tashika.accounts.models import ApiKey, User
from tashika.core import clock
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError


class Key(HttpBearer):
    """`Authorization: Bearer tsk_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return api_keys.verify(secret=token, now=clock.now())


api = NinjaAPI(
    title="Tashika",
    version=__version__,
    description="Bulk mail that reaches the right people, once, with the right names. Errors are RFC 9457 problems.",
    auth=Key(),
    docs_url=None,
    urls_namespace="api",
)


def key_of(request: HttpRequest) -> ApiKey:
    """The key of the call."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key


def actor_of(request: HttpRequest) -> Actor:
    """Who acts: the key, by its name."""
    key = key_of(request)
    return Actor("api_key", int(key.pk), key.name)


def person_of(request: HttpRequest) -> User:
    """For verbs that ask for a person: whoever made the key, with no more than the key's role."""
    key = key_of(request)
    person = key.created_by
    person.role = key.role
    return person


def require(request: HttpRequest, ability: str) -> None:
    """Raises NotAllowed unless the key's role reaches so far."""
    roles.require(key_of(request).role, ability)


@api.exception_handler(TashikaError)
def _unable(request: HttpRequest, error: TashikaError) -> HttpResponse:
    return problem(error.status, error.code, str(error.what), fix=str(error.fix), where=error.where)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first: dict[str, Any] = error.errors[0] if error.errors else {}
    where = ".".join(str(part) for part in first.get("loc", ()))
    return problem(422, "invalid", str(first.get("msg", "invalid")), where=where)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(401, "unauthenticated", "Send a valid key: Authorization: Bearer tsk_…")


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "bad_request", str(error))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "not_found", "There is no such thing.")


def problem(status: int, code: str, title: str, *, fix: str = "", where: str = "") -> HttpResponse:
    """An error as RFC 9457 writes it."""
    body = {"type": f"about:blank#{code}", "title": title, "status": status, "code": code}
    body |= {key: value for key, value in (("fix", fix), ("where", where)) if value}
    return JsonResponse(body, status=status, content_type="application/problem+json")

"""The API itself: who may, what errors look like (RFC 9457), which routers there are."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from tashika import __version__
from tashika.accounts import api_keys, roles
from tashika.accounts.models import ApiKey, User
from tashika.api.reading import StrictParser
from tashika.core import clock
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t

log = logging.getLogger("tashika.api")


class Key(HttpBearer):
    """`Authorization: Bearer tsk_…`. Also settles the language of the answer, by Accept-Language."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        translation.activate(_language(request))
        return api_keys.verify(secret=token, now=clock.now())


api = NinjaAPI(
    title="Tashika",
    version=__version__,
    description=(
        "Bulk mail that reaches the right people, once, with the right names.\n\n"
        "Send `Authorization: Bearer tsk_…`; a key has a role (viewer, editor, publisher, administrator). "
        "Errors are RFC 9457 problems, in Japanese or English by Accept-Language. Lists come in pages: `next` is the "
        "`after` of the next page, null on the last. Times are ISO 8601 with an offset."
    ),
    auth=Key(),
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
)


class Problem(Schema):
    """An error (RFC 9457): `title` says what is wrong, `fix` what to do, `where` the field or place, `request`
    the id of the call in the log."""

    type: str
    title: str
    status: int
    code: str
    fix: str = ""
    where: str = ""
    request: str = ""
    errors: list[dict[str, str]] = []


def key_of(request: HttpRequest) -> ApiKey:
    """The key of the call."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key


def actor_of(request: HttpRequest) -> Actor:
    """Who acts: the key, by its name."""
    key = key_of(request)
    return Actor("api_key", int(key.pk), key.name)


def person_of(request: HttpRequest) -> User:
    """For verbs that ask for a person: whoever made the key, with the key's role; the trail shows both names."""
    key = key_of(request)
    person = key.created_by  # for this call alone: the object is never saved
    person.role = key.role
    person.name = f"{person.name or person.email} (API: {key.name})"
    return person


def require(request: HttpRequest, ability: str) -> None:
    """Raises NotAllowed unless the key's role reaches so far."""
    roles.require(key_of(request).role, ability)


@api.exception_handler(TashikaError)
def _unable(request: HttpRequest, error: TashikaError) -> HttpResponse:
    return problem(request, error.status, error.code, error.what, fix=error.fix, where=error.where)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"where": ".".join(str(part) for part in one.get("loc", ())), "what": str(one.get("msg", ""))}
        for one in error.errors
    ]
    title = t("送られた値が正しくありません。", "A value that was sent is not valid.")
    return problem(request, 422, "invalid", title, where=errors[0]["where"] if errors else "", errors=errors)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    title = t("APIキーが必要です。", "This takes an API key.")
    return problem(request, 401, "unauthenticated", title, fix="Authorization: Bearer tsk_…")


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, TashikaError):
        return _unable(request, error.__cause__)
    return problem(request, error.status_code, "bad_request", str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(request, 413, "too_big", t("送られた内容が大きすぎます。", "What was sent is too big."))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, "not_found", t("見つかりません。", "There is no such thing."))


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    route = request.resolver_match.route if request.resolver_match else ""
    log.error("request failed", extra={"method": request.method, "route": route}, exc_info=error)
    title = t("Tashika の中で問題が起きました。", "Something went wrong inside Tashika.")
    return problem(request, 500, "broken", title, fix=t("記録を確かめてください。", "Look at the log."))


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    title: Text | str,
    *,
    fix: Text | str = "",
    where: str = "",
    errors: list[dict[str, str]] | None = None,
) -> HttpResponse:
    """An error as RFC 9457 writes it, in the caller's language."""
    with translation.override(_language(request)):
        body: dict[str, Any] = {
            "type": f"urn:tashika:problem:{code}",
            "title": str(title),
            "status": status,
            "code": code,
        }
        body |= {key: str(value) for key, value in (("fix", fix), ("where", where)) if value}
    body["request"] = request.request_id  # type: ignore[attr-defined]
    if errors:
        body["errors"] = errors
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JsonResponse(body, status=status, content_type="application/problem+json", headers=headers)


def _language(request: HttpRequest) -> str:
    asked = request.headers.get("Accept-Language", "").strip().lower()
    return next((one for one in ("ja", "en") if asked.startswith(one)), settings.LANGUAGE_CODE)

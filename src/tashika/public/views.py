"""Opt-out, open, click. No session, no cookie; unknown tokens all get the same answer."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tashika.core import clock, reachable
from tashika.delivery import recipients, tracking
from tashika.delivery.models import LedgerRow
from tashika.people.addresses import masked

_PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@never_cache
@csrf_exempt  # the token in the address is the proof; mail programs post without a cookie (RFC 8058 3.1)
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """The opt-out page. GET changes nothing, for link scanners follow it; POST opts out, by button or one-click."""
    row = _row(tracking.OPT_OUT, token)
    done = request.method == "POST"
    if done:
        recipients.opted_out(row=row, now=clock.now())
    language = "ja" if (translation.get_language_from_request(request) or "ja").startswith("ja") else "en"
    with translation.override(language):
        return render(
            request,
            "public/opt_out.html",
            {
                "done": done,
                "masked": masked(row.address),
                "organisation": row.dispatch.organisation,
                "language": language,
            },
        )


@never_cache
@csrf_exempt
@require_http_methods(["POST"])
def reached(request: HttpRequest, nonce: str) -> HttpResponse:
    """The sender's check asks whether one-click posts reach this installation."""
    return HttpResponse(reachable.answer(nonce), content_type="text/plain")


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The tracking picture: always the same bytes, whatever the token."""
    row = recipients.find(tracking.row_of(tracking.OPEN, token))
    if row is not None and request.method == "GET":
        recipients.opened(row=row, now=clock.now())
    return HttpResponse(_PICTURE, content_type="image/gif")


@never_cache
@require_safe
def clicked(request: HttpRequest, token: str, index: int) -> HttpResponse:
    """Leads on to a link that stands in the mail, and to nothing else."""
    target = recipients.clicked(row=_row(tracking.CLICK, token), index=index, now=clock.now())
    if target is None:
        raise Http404
    return HttpResponseRedirect(target)


def _row(purpose: bytes, token: str) -> LedgerRow:
    row = recipients.find(tracking.row_of(purpose, token))
    if row is None:
        raise Http404
    return row

"""緊急停止: in the header of every page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST

from tashika.core import clock
from tashika.core.text import t
from tashika.delivery import stopping
from tashika.web.access import staff, user_of
from tashika.web.reading import ours


@require_POST
@staff("stop")
def stop(request: HttpRequest) -> HttpResponse:
    """Stop everything; the answer comes when it is true."""
    answer = stopping.emergency_stop(by=user_of(request), reason=request.POST.get("reason", ""), now=clock.now())
    if answer.certain:
        messages.success(request, str(t("すべての送信が止まりました。", "All sending has stopped.")))
    else:
        words = t(
            "止めました。ただし {who} の応答がありません。",
            "Stopped, but {who} stayed silent.",
            who=", ".join(answer.silent),
        )
        messages.warning(request, str(words))
    return HttpResponseRedirect(ours(request, request.headers.get("Referer")))


@require_POST
@staff("release")
def release(request: HttpRequest) -> HttpResponse:
    """Let sending go on."""
    stopping.release_emergency_stop(by=user_of(request), now=clock.now())
    messages.success(request, str(t("緊急停止を解除しました。", "The emergency stop is released.")))
    return HttpResponseRedirect(ours(request, request.headers.get("Referer")))


urlpatterns = [
    path("emergency-stop", stop, name="emergency_stop"),
    path("emergency-stop/release", release, name="release"),
]

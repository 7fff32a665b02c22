"""Settings: the hours and days in which bulk leaves."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import sending_window
from tashika.delivery.sending_window import Window
from tashika.web.access import staff, user_of
from tashika.web.reading import number

DAYS = [
    t("月", "Mon"),
    t("火", "Tue"),
    t("水", "Wed"),
    t("木", "Thu"),
    t("金", "Fri"),
    t("土", "Sat"),
    t("日", "Sun"),
]


@require_http_methods(["GET", "POST"])
@staff("administer")
def page(request: HttpRequest) -> HttpResponse:
    """See and set it."""
    window, words, now = sending_window.current(), "", clock.now()
    if request.method == "POST":
        window = _read(request)
        try:
            sending_window.change(window, by=actor_of(user_of(request)), now=now)
            messages.success(request, str(t("保存しました。", "Saved.")))
            return redirect("sending_window")
        except TashikaError as error:
            words = str(error.what)
    days = [(day, name, day in window.days) for day, name in enumerate(DAYS)]
    context = {
        "window": window,
        "days": days,
        "words": words,
        "begin_hours": range(24),
        "end_hours": range(1, 25),
        "open": bool(words) or window.is_open(now),
        "opens_at": None if words else window.opens_at(now),
    }
    return render(request, "web/settings/sending_window.html", context)


def _read(request: HttpRequest) -> Window:
    begins, ends = number(request.POST.get("begins")), number(request.POST.get("ends"))
    days = (number(day) for day in request.POST.getlist("day"))
    return Window(
        limited=request.POST.get("limited") == "1",
        begins=-1 if begins is None else begins,
        ends=-1 if ends is None else ends,
        days=frozenset(day for day in days if day is not None),
        holidays=request.POST.get("holidays") == "1",
    )


urlpatterns = [path("settings/sending-window", page, name="sending_window")]

"""Log in, log out, the first person, language, password."""

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tashika.accounts import attempts, first_run, users, verifying
from tashika.accounts.models import Role
from tashika.core import clock
from tashika.core.actors import Actor
from tashika.core.text import t
from tashika.web.access import staff, user_of
from tashika.web.reading import ours


@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """The same answer for an unknown address and a wrong password; few tries in a short time."""
    if users.is_first_run():
        return redirect("/setup")
    if request.method == "POST":
        email = request.POST.get("email", "").strip().lower()
        origin = request.META.get("REMOTE_ADDR", "")
        if not attempts.may_try(email=email, origin=origin, now=clock.now()):
            messages.error(
                request, str(t("試行が多すぎます。10分ほどおいてください。", "Too many tries. Wait ten minutes."))
            )
        elif user := authenticate(request, username=email, password=request.POST.get("password", "")):
            attempts.forget(email=email, origin=origin)
            login(request, user)
            return HttpResponseRedirect(_next(request))
        else:
            attempts.note_failure(email=email, origin=origin, now=clock.now())
            words = t("メールアドレスまたはパスワードが違います。", "The address or the password is wrong.")
            messages.error(request, str(words))
    return render(request, "web/sessions/login.html", {"next": request.GET.get("next", "")})


@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first person, who has the code that the console shows."""
    if not users.is_first_run():
        return redirect("/login")
    if request.method == "POST":
        origin, now = request.META.get("REMOTE_ADDR", ""), clock.now()
        values = {key: request.POST.get(key, "") for key in ("email", "name", "password")}
        if not attempts.may_try(email="setup", origin=origin, now=now):
            messages.error(
                request, str(t("試行が多すぎます。10分ほどおいてください。", "Too many tries. Wait ten minutes."))
            )
        elif not first_run.is_setup_code(request.POST.get("code", "")):
            attempts.note_failure(email="setup", origin=origin, now=now)
            messages.error(request, str(t("設定コードが違います。", "The set-up code is wrong.")))
        else:
            try:
                user = users.create(
                    **values,
                    role=Role.ADMINISTRATOR,
                    by=Actor("system", None, "setup"),
                    now=now,
                    language=translation.get_language() or "ja",
                )
            except users.UnableToCreateUser as error:
                messages.error(request, str(error.what))
            else:
                first_run.forget_setup_code()
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                return redirect("/")
        return render(request, "web/sessions/setup.html", {"values": values})
    return render(request, "web/sessions/setup.html")


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("/login")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Japanese or English, remembered for the person, or in a cookie before log-in."""
    chosen = request.POST.get("language", "ja")
    response = HttpResponseRedirect(_next(request))
    if chosen in ("ja", "en"):
        if request.user.is_authenticated:
            users.choose_language(user=user_of(request), language=chosen)
        response.set_cookie("language", chosen, max_age=365 * 86400, samesite="Lax")
    return response


@require_http_methods(["GET", "POST"])
@staff("see")
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session of the person ends."""
    if request.method == "POST":
        user = user_of(request)
        try:
            users.change_password(
                user=user, old=request.POST.get("old", ""), new=request.POST.get("new", ""), now=clock.now()
            )
        except users.UnableToCreateUser as error:
            messages.error(request, str(error.what))
        else:
            update_session_auth_hash(request, user)
            messages.success(request, str(t("パスワードを変更しました。", "The password is changed.")))
            return redirect("/")
    return render(request, "web/sessions/password.html")


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """The link that was mailed to a staff address. GET changes nothing, for link scanners follow it. Nobody need be logged in:
    who reads the mailbox has the link."""
    done = request.method == "POST"
    user = (verifying.by_link if done else verifying.owner_of)(token=token, now=clock.now())
    return render(request, "web/sessions/verify.html", {"done": done, "email": user.email})


def _next(request: HttpRequest) -> str:
    return ours(request, request.POST.get("next") or request.GET.get("next"))


urlpatterns = [
    path("login", log_in, name="login"),
    path("setup", set_up, name="setup"),
    path("logout", log_out, name="logout"),
    path("language", language, name="language"),
    path("password", password, name="password"),
    path("verify/<str:token>", verify, name="verify"),
]

"""Who may open a page: the decorator that every view of the staff interface carries."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tashika.accounts import roles, users
from tashika.accounts.models import User

View = Callable[..., Any]


def user_of(request: HttpRequest) -> User:
    """The person at the desk; only behind `staff`."""
    return cast(User, request.user)


def staff(ability: str) -> Callable[[View], View]:
    """Only for people whose role reaches to the ability. Anybody else is sent to log in or told which role it takes."""

    def decorate(view: View) -> View:
        def refusal(request: HttpRequest) -> HttpResponse | None:
            if not request.user.is_authenticated:
                if users.is_first_run():
                    return redirect("/setup")
                return redirect_to_login(request.get_full_path())
            roles.require(user_of(request).role, ability)
            return None

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return refusal(request) or view(request, *args, **kwargs)

        @wraps(view)
        async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return await sync_to_async(refusal)(request) or await view(request, *args, **kwargs)

        chosen: Any = guarded_async if iscoroutinefunction(view) else guarded
        chosen.ability = ability
        return cast(View, chosen)

    return decorate

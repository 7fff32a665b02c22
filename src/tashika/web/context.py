"""What the shell around every page needs."""

from typing import Any

from django.http import HttpRequest

from tashika.accounts import roles


def shell(request: HttpRequest) -> dict[str, Any]:
    """The abilities of the person, for buttons: {% if may.publish %}."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": {}}
    return {"may": {ability: roles.may(user.role, ability) for ability in roles.ABILITIES}}

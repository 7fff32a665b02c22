"""Who acts at the command line: whoever can run it on the host, with the rights of an administrator."""

import getpass
import json
from typing import Any

from tashika.accounts.models import Role, User
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t


def actor() -> Actor:
    """The operating system's name, on record."""
    return Actor("system", None, f"cli:{getpass.getuser()}")


def person() -> User:
    """The first administrator, for verbs that a person answers for. Raises TashikaError before there is one."""
    found = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    if found is None:
        raise TashikaError(
            t("管理者がまだいません。", "There is no administrator yet."),
            fix=t("`tashika create-user` で作ってください。", "Make one with `tashika create-user`."),
        )
    return found


def show(values: dict[str, Any], *, as_json: bool) -> None:
    """Print values for people, a line each, or as one JSON object."""
    if as_json:
        print(json.dumps(values, ensure_ascii=False, default=str))
        return
    for name, value in values.items():
        print(
            f"{name:14} {value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{name:14} {value}"
        )

"""Who acts at the command line: whoever can run it on the host, with the rights of an administrator.

TASHIKA_BY names the person by address; without it the first administrator answers. The audit trail shows the person
and the account of the operating system.
"""

import getpass
import json
import os
import sys
from typing import Any

from tashika.accounts.models import Role, User
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t


def actor() -> Actor:
    """The operating system's name, on record."""
    return Actor("system", None, _account())


def person() -> User:
    """The person who answers for a verb. Raises TashikaError when there is none."""
    people = User.objects.filter(is_active=True).order_by("pk")
    named = os.environ.get("TASHIKA_BY", "")
    found = people.filter(email__iexact=named).first() if named else people.filter(role=Role.ADMINISTRATOR).first()
    if found is None and named:
        raise TashikaError(
            t("{email} という人はいません。", "There is nobody called {email}.", email=named), where="TASHIKA_BY"
        )
    if found is None:
        raise TashikaError(
            t("管理者がまだいません。", "There is no administrator yet."),
            fix=t("`tashika create-user` で作ってください。", "Make one with `tashika create-user`."),
        )
    found.name = f"{found.name or found.email} ({_account()})"  # for the record alone: this object is never saved
    return found


def agreed(question: Text, *, yes: bool) -> bool:
    """Ask a person at a terminal. Raises TashikaError where nobody can answer and --yes was not given."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise TashikaError(
            t("答える人がいません。", "There is nobody to ask."),
            fix=t("--yes を付けると、尋ねずに進みます。", "With --yes it goes on without asking."),
        )
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "はい")


def _account() -> str:
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's account without a name
        return f"cli:{os.getuid()}"


def show(values: dict[str, Any], *, as_json: bool) -> None:
    """Print values for people, a line each, or as one JSON object."""
    if as_json:
        print(json.dumps(values, ensure_ascii=False, default=str))
        return
    for name, value in values.items():
        print(
            f"{name:14} {value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{name:14} {value}"
        )

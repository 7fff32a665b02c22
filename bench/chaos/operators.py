"""People who publish, unpublish and edit, over the web process's API: whoever is in the way, they try again."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

PATIENCE = 40.0  # seconds
_T = TypeVar("_T")


class Refused(Exception):
    """The API said no, and meant it; the argument is its code."""


class OutOfPatience(Exception):
    """What was tried did not work for a long time."""


@dataclass(frozen=True)
class Stop:
    """The answer of a stop, with the moment at which it was read (seconds since 1970, the machine's clock)."""

    pressed: float
    answered: float
    certain: bool
    silent: list[str]
    figures: dict[str, int] = field(default_factory=dict)


def publish(*, port: int, key: str, scenario: str, choice: str | None = None) -> int | None:
    """Look at the review and publish; the dispatch, as soon as it is there. Raises Refused."""
    bill = _call(port, key, "GET", f"/scenarios/{scenario}/review")
    sent = {"bill": bill["bill"], "people": bill["planned"], "choice": choice}
    dispatch = _call(port, key, "POST", f"/scenarios/{scenario}/publish", sent)["dispatch"]
    return None if dispatch is None else int(dispatch)


def unpublish(*, port: int, key: str, scenario: str, patience: float = PATIENCE) -> Stop:
    """Unpublish; when this returns nothing more leaves. Raises OutOfPatience."""
    pressed = time.time()
    answer = _call(port, key, "POST", f"/scenarios/{scenario}/unpublish", {}, patience)
    figures = {name: value for name, value in (answer.get("figures") or {}).items() if isinstance(value, int)}
    return Stop(pressed, time.time(), answer["certain"], answer["silent"], figures)


def _call(port: int, key: str, method: str, path: str, sent: Any = None, patience: float = PATIENCE) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1{path}",
        method=method,
        data=None if sent is None else json.dumps(sent).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept-Language": "en"},
    )
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Refused(json.loads(error.read()).get("code", error.code)) from error
            trouble = f"status {error.code}"
        except OSError as error:
            trouble = str(error)
        if time.monotonic() > deadline:
            raise OutOfPatience(f"{method} {path}: {trouble}")
        time.sleep(0.05)


def patiently(do: Callable[[], _T], patience: float = PATIENCE) -> _T:
    """Do it on the database, again where the database is away: only for what may be done twice."""
    deadline = time.monotonic() + patience
    while True:
        try:
            close_old_connections()
            return do()
        except (DatabaseError, InterfaceError) as error:
            connections.close_all()
            if time.monotonic() > deadline:
                raise OutOfPatience(str(error)) from error
            time.sleep(0.1)

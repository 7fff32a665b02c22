"""How a guard is taken out, and with what a walk begins that shows what then breaks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tashika.core import sql
from tashika.delivery import ledger
from tests.delivery.model.database import Admin
from tests.delivery.model.world import Action

Out = Callable[[Admin], Any]  # a context in which the guard is out


@dataclass(frozen=True)
class Guard:
    """A guard: what it is, how it is taken out, what then breaks, and the walk that shows it."""

    name: str
    out: Out
    breaks: str  # the guarantee as `Violation` names it
    walk: tuple[Action, ...]


def statement(name: str, part: str, other: str) -> Out:
    """One of the room's SQL files with a part replaced."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        text = sql.load("delivery", name)
        assert part in text, f"{name}.sql has no {part!r} any more"
        usual = sql.load

        def load(room: str, wanted: str) -> str:
            return text.replace(part, other) if (room, wanted) == ("delivery", name) else usual(room, wanted)

        ledger._claim_function.cache_clear()
        ledger._armed_statement.cache_clear()
        with patch("tashika.core.sql.load", load):
            yield
        ledger._claim_function.cache_clear()
        ledger._armed_statement.cache_clear()

    return out


def python(target: object, name: str, other: object) -> Out:
    """A function of the product, replaced."""
    return lambda admin: patch.object(target, name, other)


def database(without: str, again: str) -> Out:
    """Something in the database."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        admin.connection.execute(without)
        try:
            yield
        finally:
            admin.connection.execute(again)

    return out


def together(*outs: Out) -> Out:
    """Several at once."""

    @contextmanager
    def out(admin: Admin) -> Iterator[None]:
        with ExitStack() as stack:
            for one in outs:
                stack.enter_context(one(admin))
            yield

    return out


def nothing(*values: object, **named: object) -> None:
    """In place of what holds something together."""


ONE_CLAIMS: tuple[Action, ...] = (("start", 0), ("claim", 0, 0, False))

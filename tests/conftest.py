"""Fixtures for all tests. Personas: a viewer, an editor, a publisher, an administrator."""

from collections.abc import Callable, Iterator
from datetime import datetime

import hypothesis
import pytest

from tashika.accounts import users
from tashika.accounts.models import Role, User
from tashika.core import clock
from tashika.core.actors import SYSTEM


@pytest.fixture
def now() -> datetime:
    """This moment."""
    return clock.now()


@pytest.fixture
def person(db: None) -> Callable[[str], User]:
    """Makes a person of a role: person("publisher")."""

    def make(role: str) -> User:
        email = f"{role}{User.objects.count()}@staff.example.jp"
        return users.create(
            email=email, name=f"{role} 担当", password="correct horse 7", role=role, by=SYSTEM, now=clock.now()
        )

    return make


@pytest.fixture
def editor(person: Callable[[str], User]) -> User:
    """May edit and import; may not publish."""
    return person(Role.EDITOR)


@pytest.fixture
def publisher(person: Callable[[str], User]) -> User:
    """May publish and release."""
    return person(Role.PUBLISHER)


@pytest.fixture(scope="session", autouse=True)
def _let_the_tests_empty_tables_that_only_grow() -> Iterator[None]:
    """Tests that commit empty every table afterwards; the triggers that keep the trail refuse that, rightly (G12)."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    usual = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        usual(self, ["SET session_replication_role = replica", *sql_list, "RESET session_replication_role"])

    DatabaseOperations.execute_sql_flush = flush
    yield
    DatabaseOperations.execute_sql_flush = usual


@pytest.fixture(autouse=True)
def _japanese_unless_a_test_says_otherwise() -> Iterator[None]:
    """No test leaves its language to the next."""
    from django.utils import translation

    with translation.override("ja"):
        yield


# Machines are shared: how long an example takes says nothing.
hypothesis.settings.register_profile("tashika", deadline=None)
hypothesis.settings.load_profile("tashika")

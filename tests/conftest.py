"""Fixtures for all tests. Personas: a viewer, an editor, a publisher, an administrator."""

from collections.abc import Callable
from datetime import datetime

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
        return users.create(email=email, name=f"{role} 担当", password="correct horse 7", role=role, by=SYSTEM, now=clock.now())

    return make


@pytest.fixture
def editor(person: Callable[[str], User]) -> User:
    """May edit and import; may not publish."""
    return person(Role.EDITOR)


@pytest.fixture
def publisher(person: Callable[[str], User]) -> User:
    """May publish and release."""
    return person(Role.PUBLISHER)

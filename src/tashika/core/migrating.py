"""Which migrations the database still lacks, found out without loading Django (a start is to take seconds)."""

from importlib.util import find_spec
from pathlib import Path

import psycopg

import tashika

_OTHERS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "procrastinate.contrib.django",
)


def missing(connection: psycopg.Connection) -> set[tuple[str, str]]:
    """The migrations on disk that are not recorded, as (app, name)."""
    house = Path(tashika.__path__[0])
    rooms = [folder.parent.relative_to(house.parent) for folder in house.rglob("migrations")]
    wanted = {(room.name, name) for room in rooms for name in _names(".".join(room.parts))}
    for package in _OTHERS:
        label = "procrastinate" if package.startswith("procrastinate") else package.rpartition(".")[2]
        wanted |= {(label, name) for name in _names(package)}
    if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
        return wanted
    rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    return wanted - {(str(app), str(name)) for app, name in rows}


def _names(package: str) -> list[str]:
    top, *rest = package.split(".")
    spec = find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0], *rest, "migrations")
    return [path.stem for path in folder.glob("[0-9]*.py")]

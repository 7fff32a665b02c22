"""Named SQL: one statement a file, in `<room>/sql/<name>.sql`, opening with a comment that says what it is for."""

from functools import cache
from importlib import resources


@cache
def load(room: str, name: str) -> str:
    """The text of a statement. Raises FileNotFoundError if the room has no such statement."""
    return (resources.files(f"tashika.{room}") / "sql" / f"{name}.sql").read_text(encoding="utf-8")

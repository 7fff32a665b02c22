"""The search index while a table is filled for the first time: taken away before, built in one go afterwards.

Entry by entry the index costs an import more than the rows themselves; built in one go it costs a fraction. Done only
where a file brings several times the contacts that are there: whoever searches meanwhile reads a table that was small.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LEAST_ROWS = 50_000
_INDEX = "people_contact_search"
_KEY = "hashtext('search_index')"


@contextmanager
def built_afterwards(*, rows: int) -> Iterator[None]:
    """Around the writing of `rows` rows. A process killed meanwhile leaves the index to `mend`."""
    if connection.in_atomic_block or rows < LEAST_ROWS or not _lock():
        yield
        return
    try:
        if not _is_more_than_a_quarter(rows):
            with connection.cursor() as cursor:
                cursor.execute(f"DROP INDEX IF EXISTS {_INDEX}")
        yield
    finally:
        _build()
        _unlock()


def mend() -> None:
    """Build the index where a killed import has left none, unless an import is at it."""
    if not is_whole() and _lock():
        try:
            _build()
        finally:
            _unlock()


def settle() -> None:
    """Merge entries that were only gathered so far, or every search would look through all of them."""
    if is_whole():
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list(%s)", [_INDEX])


def is_whole() -> bool:
    """Whether searches have their index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid AND indisready", [_INDEX]
        )
        return bool(cursor.fetchone()[0])


def _build() -> None:
    """CONCURRENTLY, so that nobody who writes contacts waits; what a killed one left half built is dropped first."""
    if is_whole():
        return
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {_INDEX}")
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {_INDEX} ON people_contact"
            ' USING gin ((people_bigrams(people_search_key(people_contact)) COLLATE "C"))'
        )
        cursor.execute(f"ALTER INDEX {_INDEX} ALTER COLUMN 1 SET STATISTICS 0")


def _is_more_than_a_quarter(rows: int) -> bool:
    """Whether the contacts that are there are more than a quarter of `rows`, without counting them all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM people_contact LIMIT %s)", [rows // 4 + 1])
        return int(cursor.fetchone()[0]) > rows // 4


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_KEY}, 0)")
        return bool(cursor.fetchone()[0])


def _unlock() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_unlock({_KEY}, 0)")

"""The gate: every claim holds it shared, from before it looks until its commit. Whoever takes it alone sees no claim half
done, and every later claim sees what he commits: a stop (G3), and whoever speaks for a dead sender, whose last claim may
still be under way in the database (G4)."""

from django.db import connection

GATE = 0x67617465


def close_gate() -> None:
    """Take the gate alone, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])

"""Connections of our own, beside Django's: for the sender's event loop and for LISTEN."""

import psycopg
from django.db import connections


def conninfo() -> str:
    """How to reach the database that Django is using, test databases included."""
    wrapper = connections["default"]
    parameters = {
        key: value
        for key, value in wrapper.get_connection_params().items()
        if key in ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
        and value
    }
    return psycopg.conninfo.make_conninfo(**parameters)

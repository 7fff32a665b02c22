"""Connections of our own, beside Django's: for the sender's event loop and for LISTEN."""

import psycopg
from django.db import connections

_DJANGOS_OWN = ("application_name", "client_encoding")


def conninfo() -> str:
    """How to reach the database that Django is using, test databases included."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    parameters = {
        key: value
        for key, value in connections["default"].get_connection_params().items()
        if key in known and key not in _DJANGOS_OWN and value
    }
    return psycopg.conninfo.make_conninfo(**parameters)

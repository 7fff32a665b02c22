"""`tashika bounce`: one report on standard input, for a mail server's pipe.

It keeps the report and asks a worker to read it, without loading Django: a large broadcast brings thousands, each in a
process of its own. Its exit codes are those of sysexits.h: a mail server tries again after 75 and gives up after anything
else, so that whatever may pass (the database is restarting, the disk is full) is 75.
"""

import argparse
import sys
import traceback
from datetime import UTC, datetime

HELP = "take one bounce message from standard input (for Postfix's pipe)"
NEEDS_DJANGO = False
EX_OK, EX_DATAERR, EX_TEMPFAIL = 0, 65, 75
_BLOCK = 1_048_576


def configure(parser: argparse.ArgumentParser) -> None:
    """No options: what counts is in the message."""


def run(arguments: argparse.Namespace) -> int:
    """0 once the message is kept for good; 65 for nothing at all."""
    try:
        return _take()
    except Exception as error:  # whatever it is, the mail server has to bring the message again
        print(f"tashika: {type(error).__name__}: {error}", file=sys.stderr)
        if sys.stderr.isatty():
            traceback.print_exc()
        return EX_TEMPFAIL


def _take() -> int:
    import psycopg

    from tashika.core import config, sql
    from tashika.delivery.bounces import keeping

    raw, size = _standard_input(keeping.KEPT)
    if not raw.strip():
        print("tashika: no message on standard input", file=sys.stderr)
        return EX_DATAERR
    with psycopg.connect(config.database_url(), autocommit=True) as connection:
        columns = keeping.columns(raw=raw, size=size, way="pipe", now=datetime.now(tz=UTC))
        connection.execute(sql.load("delivery.bounces", "keep"), columns)
        connection.execute(sql.load("delivery.bounces", "ask_to_read"))
    return EX_OK


def _standard_input(limit: int) -> tuple[bytes, int]:
    """The beginning of the message, and its whole length: memory does not grow with it."""
    kept, size = bytearray(), 0
    while block := sys.stdin.buffer.read(_BLOCK):
        size += len(block)
        kept += block[: max(0, limit - len(kept))]
    return bytes(kept), size

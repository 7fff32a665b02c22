"""A disk that is full: the first host's file system shrinks to what is used, so that every new block is ENOSPC. The
database's data and WAL are on it, and the senders' journals."""

import time

from bench.chaos.faults.fault import Fault
from bench.chaos.operators import patiently
from bench.chaos.rounds import Round


class DiskFull(Fault):
    """Tables and journals can't grow."""

    name = "disk full"
    needs = "disk"
    seconds = 4.0

    def strike(self, round_: Round) -> None:
        round_.house.fill_disk()
        time.sleep(round_.dice.uniform(0.3, 0.8))

    def heal(self, round_: Round) -> None:
        round_.house.clear_disk()


class DiskFullWal(DiskFull):
    """Nor can the WAL: the database has to give up, and comes back when there is room."""

    name = "disk full for the WAL"
    seconds = 8.0

    def strike(self, round_: Round) -> None:
        from django.db import DatabaseError, connection

        round_.house.fill_disk()
        try:
            for _ in range(3):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_switch_wal(), txid_current()")
        except DatabaseError as error:
            round_.notes.append(type(error).__name__)
            connection.close()
        time.sleep(round_.dice.uniform(0.3, 0.8))

    def heal(self, round_: Round) -> None:
        super().heal(round_)
        patiently(lambda: round_.house.wait_for(lambda: round_.house.postmaster() is not None, "the database", 30))

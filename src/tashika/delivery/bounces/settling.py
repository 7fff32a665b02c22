"""Evidence for rows in doubt (G2): a mail that was opened, clicked or reported on has been accepted.

Whoever reports on a mail had it: a report with its token, its opt-out link or its Message-ID proves that the relay took
it, whatever became of it later. So `in_doubt` becomes `accepted`, and the bounce stands beside it.
"""

from datetime import datetime

from django.db import connection

from tashika.core import sql
from tashika.delivery import settling, states


def settle(rows: list[int] | None, *, now: datetime) -> int:
    """Settle these rows, or with None all, as far as they are in doubt and there is evidence; how many were settled."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery.bounces", "evidence"), {"rows": rows})
        found = cursor.fetchall()
    return settling.by_evidence((settling.Verdict(row, states.ACCEPTED, words) for row, words in found), now=now)

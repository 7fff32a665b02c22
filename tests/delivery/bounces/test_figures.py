"""How many reports came back of each kind is known without counting them."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import Count

from tashika.core import sql
from tashika.delivery import metrics
from tashika.delivery.bounces import queries, taking
from tashika.delivery.bounces.models import Bounce
from tashika.delivery.models import LedgerRow
from tests.delivery.bounces.conftest import report

pytestmark = pytest.mark.django_db


def _counted() -> dict[str, int]:
    return {row["kind"]: row["number"] for row in Bounce.objects.values("kind").annotate(number=Count("pk"))}


def test_the_tally_follows_reports_that_come_and_those_that_are_read_anew(row: LedgerRow, now: datetime) -> None:
    assert queries.counts() == {}
    for number, status in enumerate(("5.1.1", "5.1.1", "4.2.2")):
        taking.take(raw=report(row, status, unique=str(number)), way="mailbox", now=now)
    assert queries.counts() == _counted() == {"hard": 2, "soft": 1}
    Bounce.objects.filter(pk=Bounce.objects.filter(kind="hard").latest("pk").pk).update(kind="unknown")
    assert queries.counts() == _counted() == {"hard": 1, "soft": 1, "unknown": 1}
    Bounce.objects.filter(kind="unknown").delete()
    assert queries.counts() == _counted() == {"hard": 1, "soft": 1}
    found = {labels[0]: value for name, labels, value in metrics.read(now) if name == "bounces" and value}
    assert found == _counted()


def test_figures_read_neither_the_ledger_nor_the_reports(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql.load("delivery", "metrics"))
        read = set(re.findall(r"on (delivery_\w+)", "\n".join(line for (line,) in cursor.fetchall())))
    assert {"delivery_tally", "delivery_bounce_tally"} <= read
    assert not read & {"delivery_bounce", "delivery_bounce_raw", "delivery_ledger"}

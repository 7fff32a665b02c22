"""G2: a row in doubt is settled by what Postfix has in its log or its queue, and by nothing less."""

import gzip
import json
import shutil
import smtplib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bench.postfix import Postfix
from django.db import connection

from tashika.activity.models import Event
from tashika.core.models import AuditEntry
from tashika.delivery.evidence import looking
from tashika.delivery.models import LedgerRow
from tests.delivery.bounces.conftest import dispatched
from tests.delivery.conftest import wait_until
from tests.delivery.evidence.conftest import break_off, hand_over

pytestmark = pytest.mark.django_db
TAKEN = """\
Nov 25 10:00:01 mail postfix/smtpd[11]: 4ZX1: client=localhost[127.0.0.1]
Nov 25 10:00:01 mail postfix/cleanup[12]: 4ZX1a: message-id=<{id}@mirai.example.jp>
Nov 25 10:00:01 mail postfix/qmgr[13]: 4ZX1a: from=<news@mirai.example.jp>, size=900, nrcpt=1 (queue active)
"""


def states(*rows: LedgerRow) -> list[str]:
    for row in rows:
        row.refresh_from_db()
    return [row.state for row in rows]


@pytest.mark.system
def test_a_real_log_tells_taken_refused_and_broken_off_apart(
    postfix: Postfix, mail_log: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    (postfix.folder / "etc" / "headers").write_text("/^Subject: forbidden/ REJECT not here\n")
    postfix.configure(f"header_checks=regexp:{postfix.folder}/etc/headers")
    monkeypatch.setenv("TASHIKA_MAIL_LOG", str(postfix.folder / "mail.log"))
    taken, refused, broken, never = dispatched(4, now, state="in_doubt")
    LedgerRow.objects.update(attempts=1)
    hand_over(postfix, taken)
    with pytest.raises(smtplib.SMTPDataError):
        hand_over(postfix, refused, subject="forbidden")
    break_off(postfix, broken)
    log = postfix.folder / "mail.log"
    wait_until(lambda: f"message-id=<{broken.message_id}" in log.read_text() and "lost connection" in log.read_text())
    assert looking.in_log(now=now) == 2
    assert states(taken, refused, broken, never) == ["accepted", "refused", "in_doubt", "in_doubt"]
    assert taken.reply.startswith("[log ") and taken.reply.endswith(": queue active]")
    assert refused.reply.endswith(": reject: 5.7.1 not here]")
    kinds = Event.objects.exclude(detail={}).order_by("contact_id").values_list("kind", flat=True)
    assert list(kinds) == ["mail_accepted", "mail_refused"]
    entry = AuditEntry.objects.get(verb="settle_doubts")
    assert (entry.detail["arrived"], entry.detail["not_arrived"]) == (1, 1)
    assert entry.detail["evidence"] == sorted([taken.reply.strip("[]"), refused.reply.strip("[]")])


@pytest.mark.system
def test_what_waits_in_the_queue_was_taken(deferring_postfix: Postfix, now: datetime) -> None:
    by_token, by_message_id, absent = dispatched(3, now, state="in_doubt")
    hand_over(deferring_postfix, by_token)
    hand_over(deferring_postfix, by_message_id, sender="news@mirai.example.jp")
    assert looking.in_queue(now=now) == 2
    assert states(by_token, by_message_id, absent) == ["accepted", "accepted", "in_doubt"]
    assert by_token.reply.startswith("[queue ")


def test_a_doubt_that_arises_later_is_searched_from_its_beginning_on(mail_log: Path, now: datetime) -> None:
    row = dispatched(1, now, state="sending")[0]
    looking.in_log(now=now - timedelta(minutes=5))
    mail_log.write_text(TAKEN.format(id=row.message_id))
    looking.in_log(now=now + timedelta(minutes=1))
    assert states(row) == ["sending"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_ledger SET state = 'in_doubt'")
    assert looking.in_log(now=now + timedelta(minutes=2)) == 1
    assert states(row) == ["accepted"]


def test_what_was_searched_is_not_read_again(mail_log: Path, now: datetime) -> None:
    row = dispatched(1, now, state="in_doubt")[0]
    lines = TAKEN.format(id=row.message_id).splitlines(keepends=True)
    mail_log.write_text("".join(lines[:2]) + lines[2][:30])
    assert looking.in_log(now=now) == 0
    text = mail_log.read_text()
    mail_log.write_text(text.replace("message-id", "xxxxxxx-id") + lines[2][30:])  # the same file, the same length
    assert looking.in_log(now=now + timedelta(minutes=1)) == 1, "the half line, and what was seen before it"


@pytest.mark.parametrize("way", ["moved", "moved and packed", "copied and emptied"])
def test_a_log_that_is_rotated_is_read_to_its_end(way: str, mail_log: Path, now: datetime) -> None:
    row, later = dispatched(2, now, state="in_doubt")
    mail_log.write_text("Nov 25 09:59:59 mail postfix/master[1]: daemon started\n")
    looking.in_log(now=now)
    with mail_log.open("a") as stream:
        stream.write(TAKEN.format(id=row.message_id))
    rotated = mail_log.with_name("mail.log.1")
    if way == "copied and emptied":
        shutil.copy(mail_log, rotated)
        mail_log.write_text("")
    else:
        mail_log.rename(rotated)
    if way == "moved and packed":
        mail_log.with_name("mail.log.1.gz").write_bytes(gzip.compress(rotated.read_bytes()))
        rotated.unlink()
    mail_log.write_text(TAKEN.format(id=later.message_id))
    assert looking.in_log(now=now + timedelta(minutes=1)) == 2
    assert states(row, later) == ["accepted", "accepted"]


def test_of_several_tries_a_refusal_proves_nothing(mail_log: Path, now: datetime) -> None:
    row = dispatched(1, now, state="in_doubt")[0]
    LedgerRow.objects.update(attempts=2)
    reject = "Nov 25 10:00:01 mail postfix/cleanup[12]: 4ZX1a: milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 4.7.1 later; "
    mail_log.write_text(TAKEN.format(id=row.message_id).splitlines()[1] + "\n" + reject + "from=<a> to=<b>\n")
    assert looking.in_log(now=now) == 0
    LedgerRow.objects.update(attempts=1)
    mail_log.with_name("data").joinpath("mail_log.json").unlink()
    assert looking.in_log(now=now) == 1
    assert states(row) == ["refused"] and "4.7.1 later" in row.reply


def test_without_a_log_or_with_a_broken_memory_nothing_breaks(mail_log: Path, now: datetime) -> None:
    row = dispatched(1, now, state="in_doubt")[0]
    memory = mail_log.with_name("data") / "mail_log.json"
    memory.write_text('{"path": 7')
    mail_log.write_text(TAKEN.format(id=row.message_id))
    mail_log.rename(mail_log.with_name("gone"))
    assert looking.in_log(now=now) == 0
    mail_log.with_name("gone").rename(mail_log)
    assert looking.in_log(now=now) == 1
    assert json.loads(memory.read_text())["searched"] == []


def test_places_are_thinned(mail_log: Path, now: datetime) -> None:
    for minute in range(0, 60 * 24, 30):
        looking.in_log(now=now + timedelta(minutes=minute))
    places = json.loads((mail_log.with_name("data") / "mail_log.json").read_text())["places"]
    assert len(places) <= 24 + 7
    assert places == sorted(places)

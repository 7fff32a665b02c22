"""Mails that left, and the reports that mail systems would write about them."""

from datetime import datetime

import pytest
from django.db import connection

from tashika.delivery import planning
from tashika.delivery.bounces import return_path
from tashika.delivery.models import LedgerRow
from tests.delivery.conftest import ALL, add_contacts, mail_version

RETURN_PATH = "bounce@return.mirai.example.jp"


def left(row: LedgerRow, now: datetime, state: str = "accepted") -> LedgerRow:
    """As after a transaction: the row is begun and has its outcome."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_ledger SET state = 'sending' WHERE id = %s", [row.pk])
        cursor.execute(
            "UPDATE delivery_ledger SET state = %s, begun_at = %s, ended_at = %s WHERE id = %s",
            [state, now, now, row.pk],
        )
    row.refresh_from_db()
    return row


def dispatched(number: int, now: datetime, reason: str = "test:1", state: str = "accepted") -> list[LedgerRow]:
    """So many mails of one dispatch with the same outcome."""
    from tashika.people.models import Contact

    if not Contact.objects.exists():
        add_contacts(number, now)
    dispatch = planning.open_dispatch(
        reason=reason, name="秋のご案内", mail_version=mail_version(now), relay=None, give_up_at=now, now=now
    )
    planning.plan(dispatch=dispatch, audience=ALL, now=now)
    return [left(row, now, state) for row in LedgerRow.objects.filter(dispatch=dispatch).order_by("pk")]


@pytest.fixture
def row(db: None, now: datetime) -> LedgerRow:
    """A mail that was accepted."""
    return dispatched(1, now)[0]


def report(
    row: LedgerRow,
    status: str = "5.1.1",
    words: str = "550 5.1.1 User unknown",
    *,
    action: str = "failed",
    to: str | None = None,
    unique: str = "1",
) -> bytes:
    """A delivery report as Postfix writes it, to the row's return path unless told otherwise."""
    envelope = return_path.envelope_sender(int(row.pk), return_path=RETURN_PATH, from_address="")
    return f"""Return-Path: <>
Delivered-To: {to or envelope}
From: MAILER-DAEMON@mx.mirai.example.jp (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Message-ID: <{unique}@mx.mirai.example.jp>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mx.mirai.example.jp.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mirai.example.jp

Final-Recipient: rfc822; {row.address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b
Content-Type: text/rfc822-headers

Message-ID: <{row.message_id}@mirai.example.jp>
To: {row.address}

--b--
""".encode()


def complaint(row: LedgerRow) -> bytes:
    """A feedback report about a row."""
    envelope = return_path.envelope_sender(int(row.pk), return_path=RETURN_PATH, from_address="")
    return f"""From: fbl@isp.example.jp
To: fbl@mirai.example.jp
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
Original-Mail-From: <{envelope}>

--b--
""".encode()


def vacation(row: LedgerRow) -> bytes:
    """An automatic reply to a row."""
    envelope = return_path.envelope_sender(int(row.pk), return_path=RETURN_PATH, from_address="")
    return f"""Return-Path: <>
From: {row.address}
To: {envelope}
Subject: =?utf-8?b?5LiN5Zyo?=
Auto-Submitted: auto-replied

不在です。 user unknown, mailbox full
""".encode()

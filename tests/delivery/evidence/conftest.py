"""A real Postfix that keeps a log, and rows in doubt about mails that it may have taken."""

import smtplib
import socket
from pathlib import Path

import pytest
from bench.postfix import Postfix

from tashika.delivery.bounces import return_path
from tashika.delivery.models import LedgerRow

RETURN_PATH = "bounce@return.mirai.example.jp"


@pytest.fixture
def mail_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The setting `mail_log` of an installation whose data folder is empty."""
    monkeypatch.setenv("TASHIKA_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    path = tmp_path / "mail.log"
    path.touch()
    monkeypatch.setenv("TASHIKA_MAIL_LOG", str(path))
    return path


def message(row: LedgerRow, subject: str = "test") -> bytes:
    """A mail with the row's Message-ID."""
    words = (
        f"Message-ID: <{row.message_id}@mirai.example.jp>\r\nTo: {row.address}\r\nSubject: {subject}\r\n\r\ntest\r\n"
    )
    return words.encode()


def envelope(row: LedgerRow) -> str:
    """The row's return path."""
    return return_path.envelope_sender(int(row.pk), return_path=RETURN_PATH, from_address="")


def hand_over(postfix: Postfix, row: LedgerRow, subject: str = "test", sender: str = "") -> None:
    """The mail of a row, whole. Raises smtplib.SMTPDataError where Postfix refuses it at its end."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as connection:
        connection.sendmail(sender or envelope(row), [row.address], message(row, subject))


def break_off(postfix: Postfix, row: LedgerRow) -> None:
    """The mail of a row, but for its final dot: the connection is lost."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as connection:
        connection.mail(envelope(row))
        connection.rcpt(row.address)
        connection.docmd("DATA")
        connection.send(message(row) + b"x" * 20_000)  # enough for Postfix to have read the header
        assert connection.sock
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()

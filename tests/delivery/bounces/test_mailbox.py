"""The mailbox, read from a real IMAP server: nothing is lost or taken twice, whatever happens in between."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tashika.core import sealing
from tashika.delivery.bounces import keeping, mailbox, settings, taking
from tashika.delivery.bounces.models import Bounce, BounceSettings, RawReport
from tashika.delivery.models import LedgerRow
from tests.delivery.bounces.conftest import report, vacation
from tests.fakes import dovecot
from tests.fakes.dovecot import Dovecot

pytestmark = [
    pytest.mark.system,
    pytest.mark.django_db,
    pytest.mark.skipif(not dovecot.binary(), reason="Dovecot is not installed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as found:
        yield found


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for each test."""
    return f"u{abs(hash(request.node.name)) % 10**9}"


def set_up(server: Dovecot, user: str, **changes: Any) -> BounceSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "verify_certificate": False,
        "username": user,
        "password_sealed": sealing.seal("mailbox password", dovecot.PASSWORD),
    }
    return BounceSettings.objects.update_or_create(pk=1, defaults={**values, **changes})[0]


def test_reports_are_taken_and_moved_away(server: Dovecot, user: str, row: LedgerRow, now: datetime) -> None:
    set_up(server, user)
    server.put(report(row), vacation(row), b"From: sato@corp.example.jp\nSubject: hello\n\nhello\n", user=user)
    assert mailbox.poll(now=now) == 3
    assert (server.count("INBOX", user), server.count("Tashika", user)) == (0, 3)
    assert sorted(Bounce.objects.values_list("kind", flat=True)) == ["auto_reply", "hard", "unknown"]
    found = settings.current()
    assert (found.last_error, found.polled_at) == ("", now)
    assert mailbox.poll(now=now) == 0


def test_without_a_folder_for_it_what_is_kept_is_deleted(
    server: Dovecot, user: str, row: LedgerRow, now: datetime
) -> None:
    set_up(server, user, done_folder="")
    server.put(report(row), user=user)
    assert mailbox.poll(now=now) == 1
    assert (server.count("INBOX", user), server.count("Tashika", user)) == (0, 0)
    assert RawReport.objects.count() == 1


def test_starttls_and_a_mail_that_somebody_has_read(server: Dovecot, user: str, row: LedgerRow, now: datetime) -> None:
    set_up(server, user, port=server.plain_port, security="starttls")
    server.put(report(row), user=user)
    person = server.client(user)
    person.select("INBOX")
    person.store("1", "+FLAGS", r"(\Seen \Flagged)")
    person.logout()
    assert mailbox.poll(now=now) == 1


def test_a_crash_between_keeping_and_moving_takes_it_once(
    server: Dovecot, user: str, row: LedgerRow, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(server, user)
    server.put(report(row), user=user)

    class Crash(BaseException):
        pass

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(mailbox, "_put_away", crash)
        mailbox.poll(now=now)
    assert server.count("INBOX", user) == 1 and RawReport.objects.count() == 1
    assert mailbox.poll(now=now) == 1
    assert server.count("INBOX", user) == 0
    assert RawReport.objects.count() == Bounce.objects.count() == 1


def test_a_fault_of_the_database_leaves_the_mail_where_it_is(
    server: Dovecot, user: str, row: LedgerRow, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(server, user)
    server.put(report(row), user=user)
    with monkeypatch.context() as patch, pytest.raises(OverflowError):
        patch.setattr(taking, "keep", lambda **_: (_ for _ in ()).throw(OverflowError))
        mailbox.poll(now=now)
    assert server.count("INBOX", user) == 1
    assert mailbox.poll(now=now) == 1


def test_more_than_one_helping(
    server: Dovecot, user: str, db: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "_AT_A_TIME", 3)
    set_up(server, user)
    server.put(*(f"Subject: {number}\n\nx\n".encode() for number in range(8)), user=user)
    assert mailbox.poll(now=now) == 8
    assert RawReport.objects.count() == 8


def test_a_long_message_is_fetched_up_to_the_limit(
    server: Dovecot, user: str, row: LedgerRow, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "KEPT", 5_000)
    set_up(server, user)
    server.put(report(row) + b"x\n" * 50_000, user=user)
    assert mailbox.poll(now=now) == 1
    kept = RawReport.objects.get()
    assert len(bytes(kept.raw)) == 5_000 and kept.size > 100_000
    assert Bounce.objects.get().kind == "hard"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password_sealed": b""}, "uthentication"),
        ({"verify_certificate": True}, "certificate"),
        ({"port": 1}, "refused"),
        ({"folder": "Nirgendwo"}, "Nirgendwo"),
        ({"security": "tls", "host": "nowhere.invalid"}, "nown"),
    ],
)
def test_what_is_wrong_is_said_and_kept_for_people(
    changes: dict[str, Any], words: str, server: Dovecot, user: str, db: None, now: datetime
) -> None:
    found = set_up(server, user, **changes)
    outcome = mailbox.check(found)
    assert not outcome.ok and words in str(outcome.words)
    assert mailbox.poll(now=now) == 0
    assert words in settings.current().last_error


def test_a_check_takes_nothing_and_says_how_many_wait(server: Dovecot, user: str, db: None) -> None:
    found = set_up(server, user)
    server.put(b"Subject: x\n\nx\n", user=user)
    outcome = mailbox.check(found)
    assert outcome.ok and "1" in str(outcome.words)
    assert server.count("INBOX", user) == 1 and not RawReport.objects.exists()


def test_a_server_without_move(tmp_path: Path, row: LedgerRow, now: datetime) -> None:
    """RFC 6851 is an extension: copied, marked, expunged by its UID alone."""
    more = "protocol imap {\n  imap_capability = IMAP4rev1 UIDPLUS LITERAL+\n}\n"
    with Dovecot(tmp_path / "dovecot", more=more) as server:
        set_up(server, "bounce")
        server.put(report(row))
        assert mailbox.poll(now=now) == 1
        assert (server.count("INBOX"), server.count("Tashika")) == (0, 1)

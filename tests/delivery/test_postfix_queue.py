"""The queue of a real Postfix: read, hold, release, delete."""

import smtplib
from pathlib import Path

import pytest
from bench.postfix import Postfix

from tashika.delivery import postfix_queue
from tests.delivery.conftest import wait_until

pytestmark = pytest.mark.system


def hand_over(postfix: Postfix, *recipients: str) -> None:
    """One mail each, straight into Postfix."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as connection:
        for recipient in recipients:
            words = f"Message-ID: <{recipient.partition('@')[0]}@mirai.example.jp>\r\nSubject: test\r\n\r\ntest"
            connection.sendmail("news@mirai.example.jp", [recipient], words)


def ids_in(queue: str) -> dict[str, str]:
    """Recipient -> queue id."""
    return {one.recipients[0]: one.queue_id for one in postfix_queue.waiting() if one.queue == queue}


def test_what_waits_is_held_released_and_deleted_by_id(deferring_postfix: Postfix) -> None:
    hand_over(deferring_postfix, "a@recipient.example.jp", "b@recipient.example.jp", "c@recipient.example.jp")
    wait_until(lambda: len(ids_in("deferred")) == 3)
    found = ids_in("deferred")
    a, b, c = (found[f"{one}@recipient.example.jp"] for one in "abc")
    assert postfix_queue.message_ids([a, "ABSENT"]) == {a: "a@mirai.example.jp"}
    postfix_queue.hold([a, b, "ABSENT"])
    assert set(ids_in("hold").values()) == {a, b} and set(ids_in("deferred").values()) == {c}
    postfix_queue.delete([b, c])
    assert set(ids_in("hold").values()) == {a}, "only what is held is deleted"
    assert set(ids_in("deferred").values()) == {c}
    deferring_postfix.configure("defer_transports=")
    postfix_queue.release([a])
    wait_until(lambda: [mail["Message-ID"] for mail in deferring_postfix.mails()] == ["<a@mirai.example.jp>"])
    assert [one.queue_id for one in postfix_queue.waiting()] == [c]


def test_what_is_on_its_way_is_counted_and_what_is_deferred_or_held_is_not(postfix: Postfix) -> None:
    postfix.configure("virtual_destination_rate_delay=60s")  # one goes, the others are on their way
    hand_over(postfix, "a@recipient.example.jp", "b@recipient.example.jp", "c@recipient.example.jp")
    wait_until(lambda: len(postfix.mails()) == 1 and len(postfix_queue.waiting()) == 2)
    assert postfix_queue.number_ahead() == 2
    first, second = (one.queue_id for one in postfix_queue.waiting())
    postfix_queue.hold([first])
    assert postfix_queue.number_ahead() == 1
    postfix.configure("defer_transports=virtual")
    wait_until(lambda: set(ids_in("deferred").values()) == {second})
    assert postfix_queue.number_ahead() == 0


def test_where_there_is_no_postfix_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASHIKA_POSTFIX_CONFIG", str(tmp_path))
    postfix_queue.queue_folder.cache_clear()
    with pytest.raises(postfix_queue.UnableToReadQueue):
        postfix_queue.number_ahead()

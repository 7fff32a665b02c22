"""The queue of a real Postfix: read, hold, release, delete."""

import smtplib
from datetime import datetime
from pathlib import Path

import pytest
from bench.postfix import Postfix

from tashika.delivery import postfix_queue, relays
from tests.delivery.conftest import relay_to, relay_to_one_at_a_time, wait_until
from tests.fakes.smtp_server import SmtpServer

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
    expected = {a: "a@mirai.example.jp", b: "b@mirai.example.jp"}
    assert postfix_queue.message_ids(["ABSENT", a, "ABSENT1", b, "ABSENT2"]) == expected
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
    assert len(postfix_queue.ids_ahead()) == 2
    first, second = (one.queue_id for one in postfix_queue.waiting())
    postfix_queue.hold([first])
    assert len(postfix_queue.ids_ahead()) == 1
    postfix.configure("defer_transports=virtual")
    wait_until(lambda: set(ids_in("deferred").values()) == {second})
    assert not postfix_queue.ids_ahead()


def test_where_there_is_no_postfix_the_error_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASHIKA_POSTFIX_CONFIG", str(tmp_path))
    postfix_queue.queue_folder.cache_clear()
    with pytest.raises(postfix_queue.UnableToReadQueue):
        postfix_queue.ids_ahead()


@pytest.mark.parametrize("long_ids", ["no", "yes"])
def test_what_an_agent_has_open_is_told_from_what_waits(long_ids: str, postfix: Postfix) -> None:
    with SmtpServer(delay=2.0) as far:
        relay_to_one_at_a_time(postfix, far, f"enable_long_queue_ids={long_ids}")
        hand_over(postfix, "a@recipient.example.jp", "b@recipient.example.jp")
        wait_until(lambda: len(far.taken) == 1 and len(postfix_queue.waiting()) == 2)
        ids = {one.recipients[0]: one.queue_id for one in postfix_queue.waiting()}
        first = far.taken[0].recipient
        assert postfix_queue.in_delivery(ids.values()) == {ids[first]}
        postfix_queue.hold(ids.values())
        wait_until(lambda: not postfix_queue.in_delivery(ids.values()))
        left = {one.queue_id: one.recipients for one in postfix_queue.waiting()}
        assert left.pop(ids[first]) == (), "the agent has finished it where it is held"
        assert len(left) == 1 and len(far.taken) == 1


def test_whether_the_queue_can_be_used_is_asked_without_changing_it(deferring_postfix: Postfix) -> None:
    hand_over(deferring_postfix, "a@recipient.example.jp")
    wait_until(lambda: len(ids_in("deferred")) == 1)
    postfix_queue.examine()
    assert len(ids_in("deferred")) == 1


@pytest.mark.django_db
def test_the_check_of_a_relay_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: datetime
) -> None:
    monkeypatch.setenv("TASHIKA_POSTFIX_CONFIG", str(tmp_path))
    with SmtpServer() as server:
        relay = relay_to(server, now, on_this_host=True)
        check = relays.check(relay)
        assert not check.ok and "Postfix" in check.words
        relay.on_this_host = False
        assert relays.check(relay).ok

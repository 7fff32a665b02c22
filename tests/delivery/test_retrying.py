"""What a refusal speaks of, and when it is tried again. Replies are as servers give them."""

from datetime import UTC, datetime, timedelta

import pytest

from tashika.delivery.breaker import IN_A_ROW, IN_A_ROW_AT_ONE, Breaker
from tashika.delivery.retrying import About, Refusal, delay, next_attempt, slow_down, understood

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
GIVE_UP = NOW + timedelta(days=2)


@pytest.mark.parametrize(
    ("reply", "step", "about", "temporary", "bad_address"),
    [
        ("550 5.1.1 <a@recipient.example.jp>: User unknown in virtual mailbox table", "RCPT", "recipient", False, True),
        ("550 Unknown user", "RCPT", "recipient", False, True),
        ("550 5.1.10 null MX", "RCPT", "recipient", False, True),
        ("550 5.7.1 No such user here", "RCPT", "recipient", False, False),
        ("552 5.2.2 Mailbox full", "RCPT", "recipient", False, False),
        ("552 mailbox full", "RCPT", "recipient", False, False),
        ("452 4.2.2 The email account that you tried to reach is over quota", "RCPT", "recipient", True, False),
        (
            "450 4.2.0 <a@recipient.example.jp>: Recipient address rejected: Greylisted",
            "RCPT",
            "recipient",
            True,
            False,
        ),
        ("451 4.7.1 Greylisting in action, please come back later", "RCPT", "recipient", True, False),
        ("450 mailbox unavailable", "RCPT", "recipient", True, False),
        ("421 4.7.0 Too many connections", "MAIL", "pace", True, False),
        ("421 try later", "", "pace", True, False),
        ("450 4.7.1 rate limit exceeded", "RCPT", "pace", True, False),
        ("451 4.3.2 system not accepting network messages", "MAIL", "pace", True, False),
        ("451 4.4.2 timeout", ".", "pace", True, False),
        ("452 4.3.1 insufficient system storage", "MAIL", "pace", True, False),
        ("452 4.5.3 too many recipients", "RCPT", "pace", True, False),
        ("451 local error", "DATA", "pace", True, False),
        ("552 5.3.4 Message size exceeds fixed limit", "MAIL", "mail", False, False),
        ("552 message too large", ".", "mail", False, False),
        ("554 5.6.0 malformed", ".", "mail", False, False),
        ("550 5.7.1 Our system has detected that this message is likely unsolicited", ".", "mail", False, False),
        ("550 5.7.515 Access denied, sending domain does not meet the required level", ".", "mail", False, False),
        ("554 policy", "RCPT", "mail", False, False),
        ("500 Line Too Long", ".", "mail", False, False),
        ("550 5.7.1 sender not permitted", "MAIL", "us", False, False),
        ("550 who are you", "MAIL", "us", False, False),
        ("554 5.7.1 <a@recipient.example.jp>: Relay access denied", "RCPT", "us", False, False),
        ("553 5.7.1 <news@mirai.example.jp>: Sender address rejected: not owned by user", "RCPT", "us", False, False),
        ("450 4.1.8 <news@mirai.example.jp>: Sender address rejected: Domain not found", "RCPT", "us", True, False),
        ("503 5.5.1 bad sequence of commands", "RCPT", "us", False, False),
        ("530 5.7.0 Must issue a STARTTLS command first", "MAIL", "login", False, False),
        ("530 5.7.57 Client not authenticated to send mail", "MAIL", "login", False, False),
        ("535 5.7.8 Error: authentication failed", "", "login", False, False),
        ("454 4.7.0 Temporary authentication failure", "", "login", True, False),
        ("550 5.7.1 Authentication required", "RCPT", "login", False, False),
        ("no reply in time", "", "pace", True, False),
    ],
)
def test_a_reply_is_understood(reply: str, step: str, about: str, temporary: bool, bad_address: bool) -> None:
    assert understood(reply, step) == Refusal(About(about), temporary, bad_address)


def test_the_other_side_asks_to_slow_down_only_where_it_speaks_of_the_pace() -> None:
    assert slow_down(understood("421 4.7.0 too fast"))
    assert not slow_down(understood("452 4.2.2 over quota", "RCPT"))
    assert not slow_down(understood("451 4.7.1 greylisted", "RCPT"))
    assert not slow_down(understood("550 5.7.1 policy", "."))


def due(reply: str, step: str, *, attempts: int = 0, proven: bool = True, left: timedelta = timedelta(days=2)) -> bool:
    found = next_attempt(
        refusal=understood(reply, step), attempts=attempts, now=NOW, give_up_at=NOW + left, proven=proven, jitter=0.5
    )
    return found is not None


def test_what_speaks_of_the_recipient_is_believed_at_once() -> None:
    assert not due("550 5.1.1 unknown", "RCPT", proven=False)


def test_what_speaks_of_the_mail_is_believed_the_second_time_and_only_once_the_mail_is_proven() -> None:
    assert due("550 5.7.1 policy", ".")
    assert not due("550 5.7.1 policy", ".", attempts=1)
    assert due("550 5.7.1 policy", ".", attempts=3, proven=False)


def test_the_time_limit_ends_what_is_temporary_and_never_what_is_our_own_fault() -> None:
    soon = timedelta(minutes=1)
    assert not due("452 4.2.2 full", "RCPT", left=soon)
    assert not due("421 4.7.0 slow", "MAIL", left=soon)
    assert due("550 who are you", "MAIL", proven=False, left=soon, attempts=9)
    assert due("530 5.7.0 log in", "MAIL", left=soon, attempts=9)


def test_waits_grow_and_are_spread() -> None:
    for about in About:
        waits = [delay(about, tries, 0.0) for tries in range(8)]
        assert waits == sorted(waits) and waits[0] < waits[-1]
        assert waits[0] < delay(about, 0, 0.5) < delay(about, 0, 1.0) <= waits[0] * 1.25


def refuse(breaker: Breaker, number: int, *, domains: int = 3, reply: str = "550 5.7.1 policy", **more: int) -> int:
    """Refuse that many in a row; after how many of them the dispatch was to be paused, 0 for none."""
    for index in range(number):
        values = {"attempts": 0, "begun": 1, **more}
        if breaker.refused(7, understood(reply, "."), domain=f"d{index % domains}.example.jp", **values):
            return index + 1
    return 0


def test_a_row_of_refusals_that_speak_of_us_pauses() -> None:
    assert refuse(Breaker(), 100) == IN_A_ROW
    assert refuse(Breaker(), 200, domains=1) == IN_A_ROW_AT_ONE, "one company may have blocked us"


def test_refusals_that_speak_of_recipients_never_pause() -> None:
    assert refuse(Breaker(), 300, reply="550 5.1.1 unknown user") == 0
    assert refuse(Breaker(), 300, reply="421 4.7.0 slow down") == 0


def test_an_acceptance_between_begins_anew() -> None:
    breaker = Breaker()
    assert refuse(breaker, IN_A_ROW - 1) == 0
    assert breaker.accepted(7) is False
    assert refuse(breaker, IN_A_ROW - 1) == 0


def test_second_refusals_of_a_proven_mail_are_no_new_sign() -> None:
    breaker = Breaker()
    breaker.look(7, pauses=0, proven=True)
    assert refuse(breaker, 300, attempts=1) == 0


def test_a_pause_grows_with_each_try_until_one_is_accepted() -> None:
    breaker = Breaker()
    minutes = [breaker.pause(7, 10)]
    assert refuse(breaker, 1, begun=9) == 0, "it had begun before the pause"
    for _ in range(5):
        assert refuse(breaker, 1, begun=11) == 1
        minutes.append(breaker.pause(7, 10))
    assert minutes == [1, 2, 5, 10, 30, 30]
    assert breaker.accepted(7) is True
    assert refuse(breaker, 1, begun=12) == 0


def test_another_sender_may_have_ended_the_pause_or_begun_it() -> None:
    breaker = Breaker()
    breaker.look(7, pauses=2, proven=False)
    assert refuse(breaker, 1) == 1 and breaker.pause(7, 10) == 5
    breaker.look(7, pauses=0, proven=True)
    assert refuse(breaker, 1, begun=12) == 0

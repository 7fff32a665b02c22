"""Lines of Postfix's log: as Postfix 3.7 wrote them, and whatever else may stand in a file."""

from hypothesis import given
from hypothesis import strategies as st

from tashika.delivery.evidence.postfix_log import Found, Reader

ID = "0b0f1e9e-7a1c-4b53-9b0c-2f0f6a1d2c3b"
QUEUE = "Nov 25 13:10:01 mail postfix/qmgr[812]: 6B2C41F3A0: from=<bounce+aaaa@return.example.jp>, size=1203, nrcpt=1 (queue active)"
HEADER = f"Nov 25 13:10:01 mail postfix/cleanup[815]: 6B2C41F3A0: message-id=<{ID}@mirai.example.jp>"
MILTER = (
    "2026-11-25T13:10:01.123456+09:00 mail postfix-out/cleanup[815]: 6B2C41F3A0: milter-reject: END-OF-MESSAGE from "
    "localhost[127.0.0.1]: 5.7.1 Command rejected; from=<a@example.jp> to=<b@example.jp> proto=ESMTP helo=<localhost>"
)
CHECK = (
    "Nov 25 13:10:01 mail postfix/cleanup[815]: 6B2C41F3A0: reject: header Subject: 1: 2 from localhost[127.0.0.1]; "
    "from=<a@example.jp> to=<b@example.jp> proto=ESMTP helo=<localhost>: 5.7.1 message content rejected"
)


def read(*lines: str) -> list[Found]:
    reader = Reader([ID])
    return [found for line in lines if (found := reader.read(line))]


def test_a_header_and_the_queue_together_prove_it() -> None:
    assert read(HEADER, QUEUE) == [Found(ID, True, "log 6B2C41F3A0: queue active")]
    assert read(HEADER) == read(QUEUE) == read(QUEUE, HEADER) == []


def test_a_refusal_at_the_end_of_the_mail() -> None:
    assert read(HEADER, MILTER) == [Found(ID, False, "log 6B2C41F3A0: reject: 5.7.1 Command rejected")]
    assert read(HEADER, CHECK) == [Found(ID, False, "log 6B2C41F3A0: reject: 5.7.1 message content rejected")]


def test_a_queue_id_that_is_used_again_means_its_last_mail() -> None:
    other = HEADER.replace(ID, "somebody-elses")
    assert read(HEADER, other, QUEUE) == []
    assert read(other, HEADER, QUEUE) == read(HEADER, QUEUE)


def test_relayed_and_deferred_lines_alone_say_nothing() -> None:
    sent = "Nov 25 13:10:02 mail postfix/smtp[820]: 6B2C41F3A0: to=<b@example.jp>, relay=mx, dsn=2.0.0, status=sent (250 ok)"
    assert read(HEADER, sent, sent.replace("status=sent", "status=deferred")) == []


PARTS = st.sampled_from(
    [HEADER, QUEUE, MILTER, CHECK, "6B2C41F3A0: ", "postfix/qmgr[1]: ", "message-id=<", ">", "\x00", "。"]
)


@given(st.lists(st.one_of(st.text(), st.lists(PARTS | st.text(max_size=5)).map("".join))))
def test_whatever_the_lines_are_nothing_breaks_and_nothing_is_proved_without_both(lines: list[str]) -> None:
    for found in read(*lines):
        assert found.message_id == ID
        assert any(f"message-id=<{ID}@" in line or f"message-id={ID}" in line for line in lines)
        assert any("queue active" in line if found.taken else "reject: " in line for line in lines)

"""Every format that the parser knows: one message of each in `corpus/`, and what it says."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tashika.delivery.bounces.parsing import parts, reading, reasons
from tashika.delivery.bounces.parsing.report import Report

CORPUS = Path(__file__).parent / "corpus"
TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
MESSAGE_ID = "3f0c9a52-7d61-4b8e-9a10-5c2d8e4f7b19"

# file: kind, reason, code, format, recipient
EXPECTED = {
    "activehunter": ("hard", "unknown_user", "5.1.1", "activehunter", "ah@host.example.jp"),
    "arf_abuse": ("complaint", "", "", "rfc5965", "kujo@isp.example.jp"),
    "arf_not_spam": ("unknown", "", "", "rfc5965", ""),
    "arf_redacted": ("complaint", "", "", "rfc5965", ""),
    "biglobe_full": ("soft", "mailbox_full", "", "biglobe", "big@mail.biglobe.example.ne.jp"),
    "by_the_fallback": ("soft", "unstated", "", "flufl", "neko@groupwise.example.com"),
    "docomo_dsn_no_action": ("hard", "unknown_user", "5.1.1", "rfc3464", "a..b.suzuki@docomo.ne.jp"),
    "docomo_ja": ("soft", "unstated", "", "docomo", "abc..def@docomo.ne.jp"),  # “not found, or for other reasons”
    "docomo_unknown": ("hard", "unknown_user", "", "docomo", "abc..def@docomo.ne.jp"),
    "domino_dsn_ja": ("hard", "unknown_user", "5.0.0", "rfc3464", "fuyou@lotus.example.co.jp"),
    "dsn_blocked_by_policy": ("soft", "blocked", "5.7.1", "rfc3464", "blocked@strict.example.co.jp"),
    "dsn_several_recipients": ("hard", "unknown_user", "5.1.1", "rfc3464", "gone@inner.example.org"),
    "dsn_too_large": ("soft", "too_large", "5.3.4", "rfc3464", "kakudai@big.example.com"),
    "dsn_without_multipart_report": ("hard", "unknown_user", "5.1.1", "rfc3464", "honda@quirk.example.jp"),
    "exchange_ja": ("hard", "unknown_user", "", "exchange", "aoki@exch.example.co.jp"),
    "exchange_online_dsn": ("hard", "unknown_user", "5.1.10", "rfc3464", "yamada@corp.example.co.jp"),
    "exchange_plain": ("hard", "unknown_user", "5.1.1", "exchange", "aoki@exch.example.co.jp"),
    "exim": ("hard", "unknown_user", "", "exim", "kato@exim.example.jp"),
    "exim_delayed": ("delayed", "", "", "exim", "kato@exim.example.jp"),
    "ezweb_disabled": ("hard", "disabled", "", "ezweb", "xyz.@ezweb.ne.jp"),
    "ezweb_full": ("soft", "mailbox_full", "", "ezweb", "xyz.@ezweb.ne.jp"),
    "ezweb_rejected": ("hard", "unknown_user", "", "ezweb", "xyz.@ezweb.ne.jp"),
    "gmail_dsn_unknown_user": ("hard", "unknown_user", "5.1.1", "rfc3464", "sato@gmail.example.com"),
    "gmail_ja_full": ("soft", "mailbox_full", "4.2.2", "gmail", "ono@gmail.example.com"),
    "gmail_plain": ("hard", "unknown_user", "5.1.1", "gmail", "ono@gmail.example.com"),
    "hosting_ja_shift_jis": ("hard", "unknown_user", "", "mailsystem_ja", "naka@hosting.example.jp"),
    "human_forwards_a_bounce": ("unknown", "", "", "", ""),
    "human_reply": ("unknown", "", "", "", ""),
    "interscan": ("hard", "unknown_user", "5.1.1", "interscan", "imss@corp.example.jp"),
    "kddi_full": ("soft", "mailbox_full", "", "kddi", "kdd@au.example.com"),
    "kddi_unknown": ("hard", "unknown_user", "", "kddi", "kdd@au.example.com"),
    "left_the_company": ("auto_reply", "", "", "rfc3834", ""),
    "out_of_office_exchange": ("auto_reply", "", "", "rfc3834", ""),
    "postfix_dsn_delayed": ("delayed", "", "4.4.1", "rfc3464", "osoi@slow.example.com"),
    "postfix_dsn_expired": ("soft", "routing", "4.4.1", "rfc3464", "osoi@slow.example.com"),
    "postfix_dsn_mailbox_full": ("soft", "mailbox_full", "5.2.2", "rfc3464", "ippai@full.example.com"),
    "postfix_dsn_no_domain": ("hard", "unknown_host", "5.4.4", "rfc3464", "dare@nodomain.example.com"),
    "postfix_dsn_relayed": ("delivered", "", "2.0.0", "rfc3464", "tsuita@relay.example.com"),
    "postfix_dsn_unknown_user": ("hard", "unknown_user", "5.1.1", "rfc3464", "taro@nobody.example.com"),
    "postfix_ja_full": ("soft", "mailbox_full", "", "postfix", "mori@old.example.jp"),
    "postfix_plain": ("hard", "unknown_user", "", "postfix", "mori@old.example.jp"),
    "qmail": ("hard", "unknown_user", "5.1.1", "qmail", "ito@qmail.example.jp"),
    "qmail_full": ("soft", "mailbox_full", "5.2.2", "qmail", "ito@qmail.example.jp"),
    "read_receipt": ("auto_reply", "", "", "rfc8098", "sato@corp.example.co.jp"),
    "sendmail_dsn_disabled": ("hard", "disabled", "5.2.1", "rfc3464", "riyou@xserver.example.jp"),
    "sendmail_plain": ("hard", "unknown_user", "", "sendmail", "hara@sendmail.example.jp"),
    "sendmail_warning": ("delayed", "", "", "sendmail", "hara@sendmail.example.jp"),
    "softbank_ja_refused": ("soft", "blocked", "", "softbank", "sb@softbank.ne.jp"),
    "softbank_unknown": ("hard", "unknown_user", "", "softbank", "sb@softbank.ne.jp"),
    "unknown_daemon": ("unknown", "", "", "", ""),
    "vacation_rfc3834": ("auto_reply", "", "", "rfc3834", ""),
    "vacation_subject_ja": ("auto_reply", "", "", "subject", ""),
    "x6": ("hard", "unknown_user", "5.1.1", "x6", "six@mail.example.ne.jp"),
    "yahoo_japan": ("hard", "unknown_user", "", "yahoo_japan", "ueda@yahoo.co.jp"),
    "yahoo_japan_suspended": ("hard", "disabled", "", "yahoo_japan", "ueda@yahoo.co.jp"),
}


def read(name: str) -> Report:
    return reading.read((CORPUS / f"{name}.eml").read_bytes())


def test_every_message_of_the_corpus_is_expected() -> None:
    assert {path.stem for path in CORPUS.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_it_says(name: str) -> None:
    found = read(name)
    first = found.recipients[0] if found.recipients else ""
    assert (found.kind, found.reason, found.code, found.format, first) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name, one in EXPECTED.items() if one[0] in ("hard", "soft", "delayed")])
def test_every_bounce_leads_to_its_mail_and_says_why(name: str) -> None:
    found = read(name)
    assert found.references.tokens == (TOKEN,) or found.references.message_ids == (MESSAGE_ID,)
    assert len(found.words) > 10


def test_the_traces_of_our_mail() -> None:
    assert read("arf_redacted").references.links == ("AAAAAAAAAAUxYmKNhZVkq0Bq7FvQ2pXh",)
    assert read("postfix_dsn_relayed").references.tokens == (TOKEN,), "the envelope id"
    assert read("qmail").references.message_ids == (MESSAGE_ID,), "in the returned header"
    assert read("human_forwards_a_bounce").references.tokens == ()


def test_line_ends_make_no_difference() -> None:
    for name in EXPECTED:
        raw = (CORPUS / f"{name}.eml").read_bytes()
        assert reading.read(raw.replace(b"\n", b"\r\n")) == reading.read(raw), name


def test_the_null_sender_is_known_in_both_spellings() -> None:
    """A bounce whose From names a gateway: only the envelope says that a mail system speaks."""
    raw = (
        (CORPUS / "yahoo_japan.eml")
        .read_bytes()
        .replace(b"From: MAILER-DAEMON@yahoo.co.jp", b"From: gw@yahoo.co.jp", 1)
    )
    for sender in (b"<>", b"<MAILER-DAEMON>"):
        assert reading.read(raw.replace(b"Return-Path: <>", b"Return-Path: " + sender, 1)).format == "yahoo_japan"
    person = raw.replace(b"Return-Path: <>", b"Return-Path: <sato@yahoo.co.jp>", 1)
    assert reading.read(person).kind == "unknown"


def test_japanese_subjects_are_read() -> None:
    assert read("domino_dsn_ja").subject == "配信エラー"
    assert read("vacation_subject_ja").subject == "【自動返信】 x"
    assert read("hosting_ja_shift_jis").subject == "配信エラー"


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        ("5.1.1", "550 5.1.1 mailbox is full", "mailbox_full"),
        ("5.7.1", "550 5.7.1 <a@example.jp>: Recipient address rejected: User unknown", "unknown_user"),
        ("5.7.1", "550 5.7.1 relaying denied", "blocked"),
        ("4.1.1", "450 4.1.1 user unknown, try again later", "routing"),
        ("", "450 user unknown", "routing"),
        ("5.0.0", "554 transaction failed", "unstated"),
        ("5.1.10", "556 5.1.10 the domain accepts no mail", "unknown_host"),
        ("5.4.7", "", "expired"),
        ("5.6.1", "", "content"),
        ("", "", "unstated"),
    ],
)
def test_words_win_over_codes_and_nothing_temporary_ends_a_mailbox(code: str, words: str, reason: str) -> None:
    assert reasons.reason_of(code, words) == reason


def test_a_code_is_no_part_of_an_address_of_a_host() -> None:
    assert reasons.code_in("host 5.1.1.3 said: 550 5.0.0 then 5.2.2") == "5.2.2"


def _can_be_kept(report: Report) -> bool:
    """Whether a database takes its texts: UTF-8, and no NUL."""
    return all("\0" not in text.encode("utf-8").decode() for text in (report.words, report.subject, *report.recipients))


_BYTES = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(
    base=some.sampled_from(_BYTES),
    cuts=some.lists(some.tuples(some.integers(0, 3000), some.integers(0, 40), some.binary(max_size=30)), max_size=6),
    twice=some.booleans(),
)
def test_broken_reports_never_raise(base: bytes, cuts: list[tuple[int, int, bytes]], twice: bool) -> None:
    for at, gone, new in cuts:
        base = base[:at] + new + base[at + gone :]
    assert _can_be_kept(reading.read(base * 2 if twice else base))


@settings(max_examples=300, deadline=5000)
@given(some.binary(max_size=3000))
def test_bytes_of_any_kind_never_raise_and_read_the_same_again(raw: bytes) -> None:
    found = reading.read(raw)
    assert _can_be_kept(found)
    assert reading.read(raw) == found


def _nested(depth: int) -> bytes:
    heads = [f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth)]
    return ("From: MAILER-DAEMON@example.jp\n" + "".join(heads) + "\nx\n").encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(_nested(20_000), id="20,000 levels"),
        pytest.param(
            b"From: mailer-daemon@example.jp\nContent-Type: multipart/report; boundary=b\n\n" + b"--b\n\nx\n" * 5_000_000,
            id="5 million parts, 40 MB",
        ),
        pytest.param(b"From: postmaster@example.jp\n\n" + b"<a@example.jp>: mailbox " * 2_200_000, id="one line of 50 MB"),
        pytest.param(b"X: y\n" * 10_000_000, id="10 million fields"),
        pytest.param(b"Content-Type: multipart/x" + b';"' * 500_000 + b"; boundary=b\n\n--b\n", id="quotes"),
        pytest.param(b"From: mailer-daemon@x\nSubject: " + b"=?utf-8?q?" * 100_000 + b"\n\n", id="encoded words"),
        pytest.param(b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<" * 1_000_000, id="open tags"),
        pytest.param(b"From: mailer-daemon@x\n\n" + b"a@" * 500_000, id="half addresses"),
        pytest.param(b"From: mailer-daemon@x\n\n" + b"Hi. This is the " * 70_000, id="half marks"),
        pytest.param(b"From: mailer-daemon@x\n\n" + b"-" * 1_000_000, id="dashes"),
        pytest.param(b"From: mailer-daemon@x\nContent-Type: text/plain; charset=punycode\n\n" + b"a-b" * 300_000, id="codec"),
    ],
)  # fmt: skip
def test_hostile_messages_take_bounded_time(raw: bytes) -> None:
    began = time.process_time()
    reading.read(raw)
    assert time.process_time() - began < 2


def test_no_more_parts_are_read_than_the_limits() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000
    assert len(parts.split(raw).parts) == parts.MOST

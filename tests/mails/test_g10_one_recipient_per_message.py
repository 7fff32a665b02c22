"""G10: one recipient per message; headers by the engine alone; no value injects one. Every message is read back by
Python's own parser."""

import email
import email.utils
import unicodedata
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tashika.mails.compiling import UnableToBuild, UnableToCompile
from tests.mails.samples import WHEN, compiled, content, parsed, recipient

EXPECTED = [
    "Date",
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
]
TRICKY = st.one_of(
    st.text(alphabet=st.characters(codec=None, categories=None, exclude_categories=()), max_size=40),
    st.text(alphabet="髙﨑𠮷葛\U000e0100ｱがが👨\u200d👩ﷺé'<&\" ", max_size=40),
    st.sampled_from(
        [
            "太郎\r\nBcc: evil@example.com",
            "a\nTo: b@example.com",
            "x\r\n\r\nbody",
            "\0",
            "\u2028Bcc: x",
            "\x85Bcc: x",
            "\ud800",
            "𠮷野家",
            "葛\U000e0100城",
            "👨‍👩‍👧‍👦" * 20,
            "w" * 3000,
            "長" * 3000,
            "=?UTF-8?B?QmNj?=",
            "{{ contact.email }}",
            "{% if %}",
            "a" * 75 + " " + "b" * 80,
            "\u202egpj.exe",
            "<script>",
            "\x0b\x0c\x1c",
            " ",
            "",
            "\t",
            "a@b, c@d",
            '"',
            "\\",
        ]
    ),
)


def lines_are_short(message: bytes) -> None:
    assert message.isascii()
    for line in message.split(b"\r\n"):
        assert b"\r" not in line and b"\n" not in line
        assert len(line) <= 998
    header, _, _ = message.partition(b"\r\n\r\n")
    for line in header.split(b"\r\n"):
        assert b"=?" not in line or len(line) <= 76


def test_the_headers_are_these_and_one_each() -> None:
    message = parsed(compiled().build(recipient(), WHEN))
    assert message.keys() == EXPECTED
    assert [address.addr_spec for address in message["To"].addresses] == ["hanako@example.com"]
    assert message["Subject"] == "髙橋様へのご案内"
    assert message["From"].addresses[0].display_name == "株式会社サンプル 広報"
    assert message["From"].addresses[0].addr_spec == "news@example.jp"
    assert message["List-Unsubscribe"] == "<https://mail.example.jp/o1/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == "<0192aa@mail.example.jp>"
    assert message["Date"].datetime == WHEN
    assert not message.defects


def test_an_operational_mail_has_no_list_header_and_says_it_is_automatic() -> None:
    message = parsed(compiled(category="operational").build(recipient(one_click_url=""), WHEN))
    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert "配信停止" not in content(message, "plain")


@settings(max_examples=400, deadline=None)
@example(family="太郎\r\nBcc: evil@example.com", company="x")
@given(family=TRICKY, company=TRICKY)
def test_no_value_injects_a_header_or_breaks_a_line(family: str, company: str) -> None:
    mail = compiled(subject="{{ contact.family_name }}様 {{ contact.company_name }} のご案内")
    message = mail.build(recipient({"family_name": family, "company_name": company}), WHEN)
    assert b"\n." not in message and message.endswith(b"\r\n"), "delivery leaves out the doubling of dots"
    lines_are_short(message)
    read = parsed(message)
    assert read.keys() == EXPECTED
    assert [address.addr_spec for address in read["To"].addresses] == ["hanako@example.com"]
    assert "のご案内" in read["Subject"]
    for kind in ("plain", "html"):
        assert "詳細はこちら" in content(read, kind)
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    if is_calm(family) and is_calm(company):  # then the decoded text is exactly the merge
        assert content(read, "plain").split("\n")[:2] == [company, f"{family or 'ご担当者'} 様"]
        subject = "".join(f"{family}様 {company} のご案内".split(" "))
        assert "".join(read["Subject"].split(" ")) == subject or "=?" in family + company


def is_calm(text: str) -> bool:
    """Whether a text has nothing that the engine takes out: letters, marks, numbers, punctuation, symbols, space."""
    return all(unicodedata.category(character)[0] in "LMNPS" or character in " \u200d" for character in text)


@settings(max_examples=200, deadline=None)
@given(value=TRICKY)
def test_no_address_or_identifier_injects_a_header(value: str) -> None:
    for given_field in ("address", "message_id", "one_click_url"):
        fields: dict[str, Any] = {given_field: value}
        try:
            message = compiled().build(recipient(**fields), WHEN)
        except UnableToBuild:
            continue
        assert parsed(message).keys() == EXPECTED


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at",
        "a@b@example.jp",
        "a@example.jp\r\nBcc: x@example.com",
        "a@example.jp, b@example.jp",
        "a b@example.jp",
        "<a@example.jp>",
        "山田@example.jp",
        "a@",
        "@example.jp",
        "a@-x.jp",
        "a@example.jp\x00",
    ],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(UnableToBuild):
        compiled().build(recipient(address=address), WHEN)


def test_addresses_of_old_japanese_carriers_are_quoted() -> None:
    message = compiled().build(recipient(address="abc..def.@docomo.ne.jp"), WHEN)
    assert b'\r\nTo: <"abc..def."@docomo.ne.jp>\r\n' in message
    assert parsed(message)["To"].addresses[0].username == "abc..def."


def test_a_domain_in_japanese_goes_in_its_ascii_form() -> None:
    message = parsed(compiled().build(recipient(address="info@日本語.jp"), WHEN))
    assert message["To"].addresses[0].domain == "xn--wgv71a119e.jp"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("from_name", "x\r\nBcc: a@example.jp"),
        ("from_email", "a@example.jp\r\nBcc: b@example.jp"),
        ("reply_to", "a@b@c"),
        ("from_email", ""),
        ("subject", "a\nBcc: x"),
        ("subject", " "),
        ("from_name", "{{ contact.email }}"),
        ("subject", "{{ opt_out_url }}"),
    ],
)
def test_the_authors_own_headers_are_checked(part: str, value: str) -> None:
    with pytest.raises(UnableToCompile) as caught:
        compiled(**{part: value})
    assert caught.value.problems[0].part == part
    assert caught.value.where


def test_long_names_and_subjects_fold_and_come_back_whole() -> None:
    name, subject = "株式会社" + "長い名前" * 30, "とても長い件名" * 60
    message = compiled(from_name=name, subject=subject).build(recipient(), WHEN)
    lines_are_short(message)
    assert parsed(message)["Subject"] == subject
    assert display_name(message) == name


def display_name(message: bytes) -> str:
    """Read by the older of Python's parsers: in 3.11 the newer one puts a space between adjacent encoded words of a
    display name, which RFC 2047 6.2 says to ignore."""
    raw = email.message_from_bytes(message)["From"]
    return email.utils.parseaddr(str(make_header(decode_header(raw))))[0]


@pytest.mark.parametrize(
    "name", ['Example "Co", Ltd.', "Example Co.", "=?x?=", "a" * 100, "Müller", "A@B", "\\x", "Plain Name"]
)
def test_every_sender_name_comes_back_as_written(name: str) -> None:
    message = compiled(from_name=name).build(recipient(), WHEN)
    read = display_name(message) if len(name) > 60 else parsed(message)["From"].addresses[0].display_name
    assert read == name

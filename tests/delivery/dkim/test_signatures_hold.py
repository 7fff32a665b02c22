"""What we sign, an independent verifier (dkimpy) accepts; what was changed on the way, it refuses."""

import base64
import re
from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tashika.delivery.dkim.canonical import UnableToSign
from tashika.delivery.dkim.signing import Both, Signer
from tests.delivery.dkim.messages import HEAD, MESSAGE

RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNERS = {"rsa": Signer("example.jp", "r1", RSA), "ed25519": Signer("example.jp", "e1", ED25519)}


def record(name: bytes, timeout: int = 5) -> bytes:
    """The DNS as the verifier asks it."""
    public = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    raw = ED25519.public_key().public_bytes_raw()
    return {
        b"r1._domainkey.example.jp.": b"v=DKIM1; k=rsa; p=" + base64.b64encode(public),
        b"e1._domainkey.example.jp.": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw),
    }[name]


def holds(message: bytes, which: int = 0) -> bool:
    try:
        return bool(dkim.DKIM(message).verify(idx=which, dnsfunc=record))
    except dkim.ValidationError:  # how it says that the body was changed
        return False


@pytest.fixture(params=sorted(SIGNERS))
def signer(request: pytest.FixtureRequest) -> Signer:
    return SIGNERS[request.param]


def test_a_mail_of_our_engine_holds(signer: Signer, engine_mail: bytes) -> None:
    signed = signer.sign(engine_mail)
    assert signed.endswith(engine_mail)
    assert holds(signed)


def test_both_keys_sign_the_same_mail(engine_mail: bytes) -> None:
    signed = Both(*SIGNERS.values()).sign(engine_mail)
    assert signed.count(b"DKIM-Signature: ") == 2
    assert holds(signed, 0) and holds(signed, 1)


def test_the_same_mail_gives_the_same_bytes(signer: Signer) -> None:
    assert signer.sign(MESSAGE) == signer.sign(MESSAGE)


def test_lines_of_the_signature_are_short(signer: Signer) -> None:
    field = signer.sign(MESSAGE)[: -len(MESSAGE)]
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert field.endswith(b"\r\n") and b"\r\n\r\n" not in field


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Unsubscribe",
     "List-Unsubscribe-Post", "Cc", "Reply-To"],
)  # fmt: skip
def test_a_field_that_is_added_on_the_way_breaks_it(signer: Signer, name: str) -> None:
    signed = signer.sign(MESSAGE)
    assert holds(signed)
    assert not holds(name.encode() + b": something else\r\n" + signed)


@pytest.mark.parametrize("name", [line.partition(b":")[0] for line in HEAD.split(b"\r\n") if b":" in line])
def test_a_field_that_is_changed_on_the_way_breaks_it(signer: Signer, name: bytes) -> None:
    signed = signer.sign(MESSAGE)
    assert not holds(re.sub(rb"\r\n" + name + rb": ", rb"\r\n" + name + rb": x", signed, count=1))


def test_a_body_that_is_changed_on_the_way_breaks_it(signer: Signer) -> None:
    assert not holds(signer.sign(MESSAGE).replace("本文".encode(), "別の".encode()))


_LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b".", b"..", b" ", b"\t", b" \t ", b"a  b", b"a \t", b"  a", b"x" * 998, b"-" * 5000]),
        st.binary(max_size=40).map(lambda data: data.translate(None, b"\r\n")),
    ),
    max_size=12,
)


@given(_LINES, st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b" ", b" \r\n \r\n"]), st.sampled_from(sorted(SIGNERS)))
@example([], b"", "rsa")
@example([b""], b"\r\n", "rsa")
@example([b"."], b"", "ed25519")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_odd_bodies_hold(lines: list[bytes], end: bytes, name: str) -> None:
    """Empty lines at the end, white space, long lines, bare dots, no body at all."""
    signed = SIGNERS[name].sign(HEAD + b"\r\n" + b"\r\n".join(lines) + end)
    assert holds(signed if signed.endswith(b"\r\n") else signed + b"\r\n")  # SMTP ends the last line


_VALUES = st.lists(
    st.text("abc :;=\t", min_size=1, max_size=12).map(lambda text: "x" + text), min_size=1, max_size=3
).map("\r\n ".join)


@given(
    st.lists(st.tuples(st.sampled_from(["Subject", "subject", "X-Other", "Sender", "LIST-ID"]), _VALUES)),
    st.sampled_from(sorted(SIGNERS)),
)
@settings(max_examples=150, deadline=None)
def test_odd_headers_hold(fields: list[tuple[str, str]], name: str) -> None:
    """Folded, repeated, in any case, with white space anywhere."""
    head = b"From: a@example.jp\r\n" + b"".join(f"{key}: {value}\r\n".encode() for key, value in fields)
    assert holds(SIGNERS[name].sign(head + b"\r\nbody\r\n"))


@pytest.mark.parametrize(
    "message",
    [
        b"From: a@example.jp\n\nbody\n",
        b"From: a@example.jp\r\n\r\nbody\rmore\r\n",
        b"From: a@example.jp\r\n\r\nbody\n",
        b"To: a@example.jp\r\n\r\nbody\r\n",
        b"From: a@example.jp\r\nFrom: b@example.jp\r\n\r\nbody\r\n",
        b"From: a@example.jp\r\nno field\r\n\r\nbody\r\n",
        b"From: a@example.jp\r\nno-field\r\n\r\nbody\r\n",
        b"From: a@example.jp\r\nTo : b@example.jp\r\n\r\nbody\r\n",
        b"",
    ],
)
def test_what_would_not_hold_is_not_signed(signer: Signer, message: bytes) -> None:
    with pytest.raises(UnableToSign):
        signer.sign(message)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Signer("example.jp", "s", generate_private_key(65537, 1024)),
        lambda: Signer("example.jp; x=1", "s", ED25519),
        lambda: Signer("例え.jp", "s", ED25519),
        lambda: Signer("example.jp", "", ED25519),
    ],
)
def test_weak_keys_and_odd_names_are_refused(make: Callable[[], Signer]) -> None:
    with pytest.raises(ValueError):
        make()

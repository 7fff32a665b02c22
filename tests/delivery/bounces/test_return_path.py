"""The return path of a mail: its token is signed, survives another case, and leaves room in the local part."""

import pytest

from tashika.delivery import tracking
from tashika.delivery.bounces import return_path


@pytest.mark.parametrize("row", [0, 1, 31, 20_000_000, 2**63 - 1])
def test_there_and_back_in_any_case(row: int) -> None:
    token = return_path.token(row)
    assert return_path.row_of(token) == return_path.row_of(token.upper()) == row


def test_the_envelope_sender_fits_and_is_lower_case() -> None:
    sender = return_path.envelope_sender(7, return_path="bounce@return.example.jp", from_address="news@example.jp")
    local, _, domain = sender.rpartition("@")
    assert sender == sender.lower() and len(local) <= 64 and domain == "return.example.jp"
    assert return_path.row_of(local.partition("+")[2]) == 7


def test_without_a_return_path_from_stays_the_sender() -> None:
    assert return_path.envelope_sender(7, return_path="", from_address="news@example.jp") == "news@example.jp"


def test_every_changed_character_is_noticed() -> None:
    token = return_path.token(7)
    for at, letter in enumerate(token):
        changed = token[:at] + ("a" if letter != "a" else "b") + token[at + 1 :]
        assert return_path.row_of(changed) is None


@pytest.mark.parametrize("text", ["", "a", "a" * 32, "1" * 32, "é" * 32, "=" * 32, "a" * 31 + "\n", "A" * 33])
def test_whatever_else_stands_there_is_nobodys(text: str) -> None:
    assert return_path.row_of(text) is None


def test_no_other_token_serves() -> None:
    assert return_path.row_of(tracking.token(tracking.OPT_OUT, 7)) is None

"""The links of a mail: each token opens what it is for, and nothing else."""

import pytest

from tashika.delivery import tracking

PURPOSES = (tracking.OPT_OUT, tracking.OPEN, tracking.CLICK)


@pytest.mark.parametrize("row", [1, 2**40, 2**63 - 1])
def test_the_links_of_a_mail_carry_the_tokens_of_its_row(row: int) -> None:
    opt_out, opened, click = tracking.links("https://m.example.jp", row)
    assert opt_out == f"https://m.example.jp/u/{tracking.token(tracking.OPT_OUT, row)}"
    assert opened == f"https://m.example.jp/o/{tracking.token(tracking.OPEN, row)}.gif"
    assert click == f"https://m.example.jp/c/{tracking.token(tracking.CLICK, row)}/"


def test_a_token_opens_only_what_it_is_for() -> None:
    for made in PURPOSES:
        for asked in PURPOSES:
            found = tracking.row_of(asked, tracking.token(made, 7))
            assert found == (7 if made == asked else None)


def test_a_token_for_another_row_can_not_be_put_together() -> None:
    seven, eight = (tracking.token(tracking.OPT_OUT, row) for row in (7, 8))
    assert tracking.row_of(tracking.OPT_OUT, eight[:11] + seven[11:]) is None

"""The base64 of pieces equals the base64 of the whole, wherever the changing pieces stand and however long they are."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from tashika.mails.base64_pieces import Base64Pieces

PIECE = st.one_of(st.text(max_size=30), st.integers(0, 400).map(lambda number: "あa\r\n"[: number % 5] * (number // 3)))


@given(st.lists(st.tuples(PIECE, st.booleans()), max_size=12), st.lists(PIECE, min_size=12, max_size=12))
def test_pieces_and_the_whole_give_the_same_lines(laid_out: list[tuple[str, bool]], values: list[str]) -> None:
    changing = {position for position, (_, changes) in enumerate(laid_out) if changes}
    encoder = Base64Pieces([piece for piece, _ in laid_out], changing)
    for turn in range(2):  # the second time from what is kept
        filled = [
            values[position][turn:] if position in changing else piece for position, (piece, _) in enumerate(laid_out)
        ]
        whole = "".join(filled).encode()
        expected = base64.encodebytes(whole).replace(b"\n", b"\r\n")
        assert encoder.encode(filled) == expected

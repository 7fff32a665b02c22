"""`tashika states`: the states of a ledger row and of a dispatch, as the manual's page."""

import argparse
from collections.abc import Iterable, Sequence

from tashika.core.text import Text, t
from tashika.delivery import states

HELP = "print the states of a ledger row and of a dispatch, as the manual's page"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--language", choices=["ja", "en"], default="en", help="language of the page")


def run(arguments: argparse.Namespace) -> int:
    """Print the page."""
    print(page(arguments.language), end="")
    return 0


def page(language: str) -> str:
    """The manual's page docs/reference/states.md, or states.ja.md."""
    parts = [
        t("# 台帳の行と配信の状態", "# The states of a ledger row and of a dispatch"),
        t(
            "`src/tashika/delivery/states.py` から `tashika states` が作るページです。同じ表からデータベースのトリガーができ、"
            "ここにない動きはデータベースが拒みます。",
            "Made by `tashika states` from `src/tashika/delivery/states.py`. The database's triggers come from the same"
            " table and refuse every other move.",
        ),
        t("## 台帳の行", "## A ledger row"),
        _picture(states.MOVES, states.QUEUED),
        *_table(_MOVE_HEADS, [(f"`{old}`", f"`{new}`", why) for (old, new), why in states.MOVES.items()]),
        t(
            "画面の「停止」(`stopped`) は保存されない状態で、停止中の配信の `queued` のことです。",
            "`stopped` is not stored: it is `queued` in a dispatch that is stopped.",
        ),
        t("## 配信", "## A dispatch"),
        _picture(states.DISPATCH_MOVES, "planning"),
        *_table(_MOVE_HEADS, [(f"`{old}`", f"`{new}`", why) for (old, new), why in states.DISPATCH_MOVES.items()]),
        t("## 障害のあとに残るもの", "## What a crash leaves behind"),
        *_table(_CRASH_HEADS, states.CRASHES),
    ]
    text = "\n\n".join(part.in_language(language) if isinstance(part, Text) else part for part in parts) + "\n"
    return text.replace("|\n\n|", "|\n|")


_MOVE_HEADS = (t("から", "from"), t("へ", "to"), t("なぜ", "why"))
_CRASH_HEADS = (
    t("障害", "crash"),
    t("残るもの", "what it leaves"),
    t("だれがどう直すか", "who puts it right, and how"),
)


def _picture(moves: Iterable[tuple[str, str]], first: str) -> str:
    """The moves as a Mermaid diagram."""
    pairs = list(moves)
    finals = {new for _, new in pairs} - {old for old, _ in pairs}
    arrows = [("[*]", first), *pairs, *((one, "[*]") for one in sorted(finals))]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {old} --> {new}" for old, new in arrows), "```"])


def _table(heads: Sequence[Text], rows: Iterable[Sequence[Text | str]]) -> list[Text | str]:
    """The lines of a table."""
    marks = [f"|{'---|' * len(heads)}"]
    return [_line(heads), *marks, *(_line(row) for row in rows)]


def _line(cells: Sequence[Text | str]) -> Text:
    both = [(cell.ja, cell.en) if isinstance(cell, Text) else (cell, cell) for cell in cells]
    japanese, english = (" | ".join(words) for words in zip(*both, strict=True))
    return t(f"| {japanese} |", f"| {english} |")

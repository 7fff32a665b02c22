"""The line of rows that a lane has claimed and not begun: the most urgent first, and beside it those that are on their way
back to the queue, which do not begin from this instant on, whenever the database hears of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from tashika.delivery.ledger import Claimed

Unwanted = Callable[[Claimed], bool]


class Line:
    """Of one lane. `priority` is a row's: the smaller, the earlier."""

    def __init__(self, priority: Callable[[Claimed], int]) -> None:
        self._priority = priority
        self._rows: deque[Claimed] = deque()
        self._back: list[tuple[Claimed, int | None]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Claimed]:
        return iter(self._rows)

    @property
    def first(self) -> Claimed:
        """Who is next. Raises IndexError where nobody is."""
        return self._rows[0]

    def pop(self) -> Claimed:
        """Take who is next."""
        return self._rows.popleft()

    def join(self, rows: list[Claimed], priority: int) -> None:
        """Behind what is as urgent, before what is less so."""
        if self._rows and self._priority(self._rows[-1]) > priority:
            ahead = [row for row in self._rows if self._priority(row) <= priority]
            behind = [row for row in self._rows if self._priority(row) > priority]
            self._rows = deque([*ahead, *rows, *behind])
        else:
            self._rows.extend(rows)

    def take_out(self, unwanted: Unwanted) -> None:
        """Send those back that shall not begin for now."""
        out = [row for row in self._rows if unwanted(row)]
        if out:
            self._rows = deque(row for row in self._rows if not unwanted(row))
            self.send_back(out)

    def send_back(self, rows: Iterable[Claimed], due: int | None = None) -> None:
        """Rows that are in our hands and go back to the queue: due at a moment (microseconds since 1970) or at once."""
        self._back += [(row, due) for row in rows]

    def leaving(self) -> tuple[list[Claimed], list[int | None]]:
        """Those on their way back, and when they are due; the caller brings them there."""
        back, self._back = self._back, []
        return [row for row, _ in back], [due for _, due in back]

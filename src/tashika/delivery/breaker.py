"""Notices when refusals speak of us and not of the recipients, before a whole audience is burnt on them. Pure.

A dispatch is paused after so many such refusals in a row at first tries, with nothing accepted between. Then one mail
is tried from time to time; the first that is accepted ends the pause. A relay that refuses our login is paused at once.
"""

from dataclasses import dataclass, field

from tashika.delivery.retrying import About, Refusal

IN_A_ROW = 20  # refusals, over two domains at least
IN_A_ROW_AT_ONE = 100  # where all of them are at one domain: its owner may have blocked us
TRY_AGAIN = (1, 2, 5, 10, 30)  # minutes until one mail is tried


@dataclass(slots=True)
class _Streak:
    number: int = 0
    domains: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Pause:
    number: int  # how often in a row
    since: int  # microseconds since 1970: what had begun before says nothing new


class Breaker:
    """What one lane has seen of its dispatches."""

    def __init__(self) -> None:
        self._streaks: dict[int, _Streak] = {}
        self._proven: set[int] = set()
        self._paused: dict[int, _Pause] = {}

    def is_proven(self, dispatch: int) -> bool:
        """Whether a mail of it was accepted for somebody."""
        return dispatch in self._proven

    def pauses(self, dispatch: int) -> int:
        """How often it was paused in a row."""
        return self._paused[dispatch].number if dispatch in self._paused else 0

    def look(self, dispatch: int, *, pauses: int, proven: bool) -> None:
        """What the database says of a dispatch, which other senders have a hand in, too."""
        if proven:
            self._proven.add(dispatch)
        if pauses:
            self._paused.setdefault(dispatch, _Pause(pauses, 0))
        else:
            self._paused.pop(dispatch, None)

    def accepted(self, dispatch: int) -> bool:
        """A mail of it was accepted; whether that ends a pause."""
        self._proven.add(dispatch)
        if self._streaks or self._paused:
            self._streaks.pop(dispatch, None)
            return self._paused.pop(dispatch, None) is not None
        return False

    def refused(self, dispatch: int, refusal: Refusal, *, domain: str, attempts: int, begun: int) -> bool:
        """Whether the dispatch is to be paused now: enough in a row, or a try during a pause that was refused too.
        `begun` is in microseconds since 1970."""
        if refusal.about not in (About.MAIL, About.US) or (refusal.temporary and refusal.about is About.MAIL):
            return False
        if dispatch in self._paused:
            return begun > self._paused[dispatch].since
        if attempts > 0 and dispatch in self._proven:
            return False
        streak = self._streaks.setdefault(dispatch, _Streak())
        streak.number += 1
        streak.domains.add(domain)
        return streak.number >= (IN_A_ROW if len(streak.domains) > 1 else IN_A_ROW_AT_ONE)

    def pause(self, dispatch: int, now: int) -> int:
        """Pause it from `now` on; minutes until one mail is to be tried."""
        before = self.pauses(dispatch)
        self._paused[dispatch] = _Pause(before + 1, now)
        self._streaks.pop(dispatch, None)
        return TRY_AGAIN[min(before, len(TRY_AGAIN) - 1)]

    def forget(self, needed: set[int]) -> None:
        """Keep only what is needed: memory does not grow with dispatches."""
        self._proven &= needed
        self._streaks = {dispatch: kept for dispatch, kept in self._streaks.items() if dispatch in needed}
        self._paused = {dispatch: kept for dispatch, kept in self._paused.items() if dispatch in needed}

"""What stands in a lane's way: a relay that can't be reached or refuses our login, dispatches that are refused for our own
fault. Who is waited for, until when, and what is written where people see it.
"""

import logging
import random
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async

from tashika.core import clock
from tashika.delivery import pausing, retrying
from tashika.delivery.breaker import Breaker
from tashika.delivery.ledger import Claimed, Due
from tashika.delivery.line import Unwanted
from tashika.delivery.models import Relay
from tashika.delivery.retrying import About
from tashika.delivery.smtp.client import Result

log = logging.getLogger("tashika.delivery")

TRY_EVERY = (
    20.0  # seconds between two mails of a paused dispatch, where the first neither ended nor prolonged the pause
)
LONGEST = 30.0  # seconds between two tries to connect


class Troubles:
    """Of one lane. `take_out` gives waiting rows back to the queue, `later` runs something beside, `slow_down` hears of an
    address and a step at which patience was asked for."""

    def __init__(
        self,
        relay: Relay,
        *,
        take_out: Callable[[Unwanted], None],
        later: Callable[[Coroutine[Any, Any, None]], None],
        slow_down: Callable[[str, str], None],
    ) -> None:
        self.failures = 0  # to connect, in a row
        self.breaker = Breaker()
        self._relay = relay
        self._take_out, self._later, self._slow_down = take_out, later, slow_down
        self._logins = 0  # refused in a row
        self._connect_at = 0.0  # on time.monotonic, as all of these
        self._claim_at = 0.0
        self._put_off: dict[int, float] = {}

    # -- asked before something begins

    def may_connect(self) -> bool:
        """Whether the relay may be tried."""
        return time.monotonic() >= self._connect_at

    def rests(self) -> float:
        """Seconds until the relay may be tried; not above 0: now."""
        return self._connect_at - time.monotonic()

    def may_claim(self, due: Due) -> bool:
        """Whether a dispatch may be claimed from."""
        now = time.monotonic()
        return now >= self._claim_at and now >= self._put_off.get(due.id, 0.0)

    def claiming(self, due: Due, limit: int) -> int:
        """How many rows may be claimed of a dispatch: one where it is paused."""
        self.breaker.look(due.id, pauses=due.pauses, proven=due.proven)
        if not due.pauses:
            return limit
        self.put_off(due.id, TRY_EVERY)
        return 1

    def mark(self, dispatch: int) -> tuple[float, int]:
        """Changes when the dispatch, or the relay, is paused."""
        return self._claim_at, self.breaker.pauses(dispatch)

    def put_off(self, dispatch: int, seconds: float) -> None:
        """Leave a dispatch alone for a while."""
        self._put_off[dispatch] = time.monotonic() + seconds

    def forget(self, needed: set[int]) -> None:
        """Keep only what is needed: memory does not grow with dispatches."""
        self.breaker.forget(needed)
        now = time.monotonic()
        self._put_off = {dispatch: until for dispatch, until in self._put_off.items() if until > now}

    # -- told what happened

    def connected(self) -> None:
        """The relay let us in."""
        if self._relay.last_error and not self._logins:
            self._note("", None)

    def wait_longer(self) -> None:
        """From failure to failure, and hold nothing meanwhile."""
        self.failures = min(self.failures + 1, 7)
        self._connect_at = time.monotonic() + min(LONGEST, 0.5 * 2**self.failures)

    def failed(self, words: str) -> None:
        """The relay can't be used: its words are shown, and until when it is left alone. A login that is refused is not
        repeated every few seconds: servers lock accounts for it."""
        if retrying.understood(words).about is not About.LOGIN:
            self.wait_longer()
            self._note(words, None)
            return
        span = retrying.delay(About.LOGIN, self._logins, random.random())
        self._logins += 1
        self.failures = max(self.failures, 1)
        self._connect_at = self._claim_at = time.monotonic() + span.total_seconds()
        self._take_out(lambda row: True)
        log.warning("our login is refused; next try in %.0f s", span.total_seconds(), extra={"relay": self._relay.pk})
        self._note(words, span)

    def accepted(self, dispatch: int) -> None:
        """A mail was accepted: whatever was in its way is over."""
        self.failures = 0
        if self.breaker.accepted(dispatch):
            self._put_off.pop(dispatch, None)
            self._later(sync_to_async(pausing.resume)(dispatch_id=dispatch, now=clock.now()))
        if self._logins:
            self._logins = 0
            self._note("", None)

    def refused(self, row: Claimed, result: Result, *, begun: int, give_up_at: datetime) -> int | None:
        """Understand a refusal, and pause whom it speaks of. When the row is due again, or None where it is refused for
        good. Moments are microseconds since 1970."""
        refusal = retrying.understood(result.reply, result.step)
        due = retrying.next_attempt(
            refusal=refusal,
            attempts=row.attempts,
            now=clock.now(),
            give_up_at=give_up_at,
            proven=self.breaker.is_proven(row.dispatch),
            jitter=random.random(),
        )
        if retrying.slow_down(refusal):
            self._slow_down(row.address, result.step)
        elif refusal.about is About.LOGIN:
            if time.monotonic() >= self._claim_at:
                self.failed(result.reply)
        elif self.breaker.refused(
            row.dispatch,
            refusal,
            domain=row.address.rpartition("@")[2].lower(),
            attempts=row.attempts,
            begun=begun,
        ):
            self._pause(row.dispatch, f"{result.step} {result.reply}")
        return int(due.timestamp() * 1_000_000) if due else None

    def _pause(self, dispatch: int, words: str) -> None:
        """Nobody gets a mail of this dispatch until one of them was accepted."""
        minutes = self.breaker.pause(dispatch, clock.microseconds())
        log.warning("refused for our own fault; next try in %s min", minutes, extra={"dispatch": dispatch})
        self.put_off(dispatch, TRY_EVERY)  # until the database knows for how long
        self._take_out(lambda row: row.dispatch == dispatch)
        self._later(self._write_pause(dispatch, words, minutes))

    async def _write_pause(self, dispatch: int, words: str, minutes: int) -> None:
        await sync_to_async(pausing.pause)(dispatch_id=dispatch, why=words, minutes=minutes, now=clock.now())
        self._put_off.pop(dispatch, None)

    def _note(self, words: str, span: timedelta | None) -> None:
        self._relay.last_error = words
        self._later(sync_to_async(_note_error)(self._relay.pk, words, span))


def _note_error(relay: int, words: str, span: timedelta | None) -> None:
    now = clock.now()
    Relay.objects.filter(pk=relay).update(
        last_error=words[:500], last_error_at=now if words else None, paused_until=now + span if span else None
    )

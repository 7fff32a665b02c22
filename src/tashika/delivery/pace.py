"""How fast mails may leave: for one receiving side at a time, and how many connections a relay bears. Pure.

Both give way quickly and come back slowly (AIMD): a receiver that asks for fewer mails gets half as many at once, and a
little more every second that it does not complain again. What an administrator has set is never exceeded.
Moments are of a monotonic clock, in seconds.
"""

from collections.abc import Mapping

# Receiving sides that share one eye on us, by the domains they are known by.
CARRIERS: dict[str, tuple[str, ...]] = {
    "docomo": ("docomo.ne.jp",),
    "au": ("ezweb.ne.jp", "au.com"),
    "softbank": (
        "softbank.ne.jp",
        "i.softbank.jp",
        *(f"{area}.vodafone.ne.jp" for area in ("d", "h", "t", "c", "r", "k", "n", "s", "q")),
    ),
    "ymobile": ("ymobile.ne.jp", "yahoo.ne.jp", "emnet.ne.jp", "willcom.com"),
    "rakuten": ("rakuten.jp",),
    "yahoo_japan": ("yahoo.co.jp", "ybb.ne.jp"),
    "gmail": ("gmail.com", "googlemail.com"),
    "icloud": ("icloud.com", "me.com", "mac.com"),
    "outlook": ("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.jp", "live.com", "msn.com"),
}
_CARRIER_OF = {domain: carrier for carrier, domains in CARRIERS.items() for domain in domains}

SIGNS = (
    3.0  # complaints that are believed, less a quarter for each mail that it was given: a few among many say nothing
)
SLOWEST = 0.2  # mails a second; who gets no more than these was asked in vain before
CALM = 5.0  # seconds in which complaints are one complaint: those mails were on their way already
RECOVERY = 0.02  # of the speed at which it complained first, regained each second
BURST = 1.0  # seconds of mails that may go at once
LONGEST_ASIDE = 300.0  # seconds; a row that waits for its carrier is looked at again then, as it may have recovered
KEPT = 20_000  # receiving sides remembered; the quiet ones are forgotten beyond that


def carrier_of(domain: str) -> str:
    """The receiving side of a domain: a carrier's name, or the domain itself."""
    return _CARRIER_OF.get(domain, domain)


class Throttle:
    """One receiving side: as fast as it takes, until it complains."""

    __slots__ = (
        "_aside",
        "_calm_until",
        "_count",
        "_counted_from",
        "_full",
        "_limit",
        "_next",
        "_seen",
        "_signs",
        "rate",
    )

    def __init__(self, limit: float | None = None) -> None:
        self._limit = limit  # mails a second, at most; None: no limit is set
        self.rate = limit  # now
        self._full = 0.0  # the rate at which it complained first
        self._next = 0.0
        self._aside = 0.0
        self._count, self._counted_from, self._seen = 0, 0.0, 0.0
        self._calm_until = 0.0
        self._signs = 0.0

    def take(self, now: float) -> bool:
        """Whether a mail may begin now; it is counted if so."""
        if now - self._counted_from >= 1.0:
            self._look_back(now)
        if self.rate is not None:
            span = 1 / self.rate
            if now < self._calm_until or self._next - now > max(0.0, BURST - span):
                return False
            self._next = max(self._next, now) + span
        self._count += 1
        if self._signs:
            self._signs = max(0.0, self._signs - 0.25)
        return True

    def aside(self, now: float) -> float:
        """Seconds after which a row that may not begin now is to be looked at again; one after the other."""
        span = 1 / (self.rate or 1.0)
        self._aside = min(max(self._aside, now, self._next, self._calm_until) + span, now + LONGEST_ASIDE)
        return self._aside - now

    def complain(self, now: float, seen: float | None = None) -> None:
        """It asks for fewer mails. `seen`: how many a second it was given, where that was not counted here."""
        if now < self._calm_until:
            return
        self._signs += 1
        if seen is None and self._signs < SIGNS:
            return
        self._signs = 0.0
        if now - self._counted_from > 0.2:
            self._look_back(now)
        before = (self._seen if seen is None else seen) if self.rate is None else self.rate
        self._full = max(self._full, before)
        self.rate = max(SLOWEST, before / 2)
        self._calm_until = now + CALM

    @property
    def is_quiet(self) -> bool:
        """Whether nothing holds it back, so that it may be forgotten."""
        return self.rate is None

    def _look_back(self, now: float) -> None:
        elapsed = now - self._counted_from
        self._seen = self._count / elapsed if self._counted_from else float(self._count)
        self._count, self._counted_from = 0, now
        if self.rate is not None and self.rate != self._limit:
            self.rate += max(self._full * RECOVERY, SLOWEST / 10) * min(elapsed, 10.0)
            if self._limit is not None:
                self.rate = min(self.rate, self._limit)
            elif self.rate > 2 * self._full:
                self.rate = None


class Connections:
    """How many connections a relay bears: half as many after a complaint, one more each half minute without."""

    RECOVER_EVERY = 30.0  # seconds

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = most
        self._changed_at = 0.0

    def allowed(self, now: float) -> int:
        """How many may be open."""
        if self._now < self._most and now - self._changed_at >= self.RECOVER_EVERY:
            self._now, self._changed_at = self._now + 1, now
        return self._now

    def complain(self, now: float) -> None:
        """The relay says that there are too many."""
        if now - self._changed_at >= CALM or self._now == self._most:
            self._now, self._changed_at = max(1, self._now // 2), now


class Paces:
    """All receiving sides of one relay in one sender, and the relay itself (`own`), which may complain, too."""

    def __init__(self, per_hour: Mapping[str, int], connections: int) -> None:
        self.own = Throttle()
        self.connections = Connections(connections)
        self._per_hour = per_hour
        self._share = 1.0
        self._by_domain: dict[str, Throttle] = {}
        self._by_carrier: dict[str, Throttle] = {}

    def share(self, senders: int) -> None:
        """Limits hold for all senders together: each keeps to its part."""
        if senders and 1 / senders != self._share:
            self._share = 1 / senders
            self._by_domain.clear()
            self._by_carrier.clear()

    def of(self, address: str) -> Throttle:
        """The throttle that an address falls under."""
        domain = address[address.rfind("@") + 1 :]
        return self._by_domain.get(domain) or self._first(domain)

    def complain(self, address: str, step: str, *, rate: float, now: float) -> None:
        """A refusal asked for patience. What answers MAIL, or nothing of ours, is the relay's own; `rate` is how many
        mails a second it was given."""
        if step in ("RCPT", "DATA", "."):
            self.of(address).complain(now)
        else:
            self.own.complain(now, rate)

    def too_many(self, *, rate: float, now: float) -> None:
        """The relay closed a connection for its load (421)."""
        self.connections.complain(now)
        self.own.complain(now, rate)

    def _first(self, domain: str) -> Throttle:
        carrier = carrier_of(domain.lower())
        if len(self._by_domain) > KEPT:
            self._by_domain.clear()
            self._by_carrier = {name: one for name, one in self._by_carrier.items() if not one.is_quiet}
        if carrier not in self._by_carrier:
            limit = self._per_hour.get(carrier)
            self._by_carrier[carrier] = Throttle(limit * self._share / 3600 if limit else None)
        self._by_domain[domain] = self._by_carrier[carrier]
        return self._by_domain[domain]

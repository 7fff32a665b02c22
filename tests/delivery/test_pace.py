"""How fast: receivers that complain get less, and more again; the others notice nothing. Time is handed in."""

from tashika.delivery.pace import CALM, LONGEST_ASIDE, SLOWEST, Connections, Paces, Throttle, carrier_of


def complain(throttle: Throttle, now: float) -> None:
    """As often as it is believed."""
    for _ in range(4):
        throttle.complain(now)


def sent(throttle: Throttle, begin: float, seconds: float, *, tries: int = 100) -> int:
    """How many leave in a span, asked `tries` times a second."""
    return sum(throttle.take(begin + index / tries) for index in range(int(seconds * tries)))


def test_without_limit_and_complaint_everything_leaves() -> None:
    assert sent(Throttle(), 100.0, 5) == 500


def test_a_limit_is_kept_over_any_span() -> None:
    throttle = Throttle(10.0)
    assert sent(throttle, 100.0, 60) in range(590, 612)
    assert sent(Throttle(0.5), 100.0, 60) in range(29, 32)


def test_a_complaint_halves_the_rate_and_it_comes_back_slowly() -> None:
    throttle = Throttle()
    sent(throttle, 100.0, 10)
    complain(throttle, 110.0)
    assert throttle.rate is not None and 45 <= throttle.rate <= 55
    assert sent(throttle, 110.0, CALM - 0.1) == 0, "what was under way is not made worse"
    assert sent(throttle, 120.0, 10) < 900
    for second in range(130, 400):
        sent(throttle, float(second), 1)
    assert throttle.rate is None and throttle.is_quiet


def test_complaints_about_what_was_under_way_count_once_and_further_ones_again() -> None:
    throttle = Throttle()
    sent(throttle, 100.0, 10)
    for _ in range(20):
        throttle.complain(110.0)
    first = throttle.rate
    complain(throttle, 110.0 + CALM)
    assert first is not None and throttle.rate is not None and throttle.rate < 0.8 * first
    for index in range(2, 100):
        complain(throttle, 110.0 + index * CALM)
    assert throttle.rate >= SLOWEST


def test_recovery_ends_at_the_limit() -> None:
    throttle = Throttle(10.0)
    sent(throttle, 100.0, 10)
    complain(throttle, 110.0)
    for second in range(111, 400):
        sent(throttle, float(second), 1)
    assert throttle.rate == 10.0


def test_what_is_put_aside_comes_back_one_after_the_other_and_not_too_late() -> None:
    throttle = Throttle(10.0)
    waits = [throttle.aside(100.0) for _ in range(100)]
    assert waits == sorted(waits) and 9 < waits[-1] < 12
    assert all(throttle.aside(100.0) <= LONGEST_ASIDE for _ in range(10_000))


def test_domains_of_one_carrier_share_one_throttle_and_others_do_not() -> None:
    paces = Paces({"au": 3600}, 4)
    assert paces.of("a@ezweb.ne.jp") is paces.of("b@au.com")
    assert paces.of("a@recipient.example.jp") is not paces.of("a@other.example.jp")
    assert paces.of("a@ezweb.ne.jp").rate == 1.0 and paces.of("a@docomo.ne.jp").rate is None
    assert carrier_of("d.vodafone.ne.jp") == "softbank"


def test_a_limit_is_divided_among_the_senders() -> None:
    paces = Paces({"au": 3600}, 4)
    paces.share(4)
    assert paces.of("a@au.com").rate == 0.25


def test_memory_does_not_grow_with_domains_and_what_complained_is_remembered() -> None:
    paces = Paces({}, 4)
    complain(paces.of("a@slow.example.jp"), 100.0)
    for index in range(60_000):
        paces.of(f"a@d{index}.example.jp")
    assert len(paces._by_domain) <= 20_001 and len(paces._by_carrier) <= 20_002
    assert paces.of("b@slow.example.jp").rate is not None


def test_connections_are_halved_and_come_back_one_by_one() -> None:
    connections = Connections(10)
    assert connections.allowed(100.0) == 10
    connections.complain(100.0)
    connections.complain(101.0)
    assert connections.allowed(102.0) == 5
    connections.complain(110.0)
    assert connections.allowed(111.0) == 2
    assert [connections.allowed(110.0 + 31 * index) for index in range(1, 12)] == [3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10]


def test_a_few_complaints_among_many_mails_say_nothing() -> None:
    throttle = Throttle()
    for index in range(1000):
        assert throttle.take(100.0 + index / 100)
        if index % 10 == 0:
            throttle.complain(100.0 + index / 100)
    assert throttle.is_quiet

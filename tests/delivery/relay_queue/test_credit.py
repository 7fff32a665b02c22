"""How far a sender goes ahead of a relay that delivers at some speed."""

import pytest

from tashika.delivery.relay_queue.credit import LEAST, Credit

EVERY = 0.5  # seconds between two looks


def play(credit: Credit, *, ours: float, delivers: float, seconds: float, others: float = 0.0) -> tuple[int, list[int]]:
    """A relay that delivers so many a second, first come first served, while we and others could hand over so many a
    second: how many we handed over, and how many were ahead at each look."""
    queue: list[str] = []
    begun, made, done, ahead = 0, 0.0, 0.0, []
    steps = 50
    for look in range(int(seconds / EVERY)):
        for _ in range(steps):
            if credit.is_open(begun):
                number = round(ours * EVERY / steps)
                queue += [f"ours{begun + one}" for one in range(number)]
                begun += number
            made += others * EVERY / steps
            queue += [f"others{look}.{len(queue)}.{one}" for one in range(int(made))]
            made -= int(made)
            done = min(done + delivers * EVERY / steps, len(queue))
            del queue[: int(done)]
            done -= int(done)
        credit.looked(frozenset(queue), begun=begun, now=look * EVERY)
        ahead.append(len(queue))
    return begun, ahead


def test_a_slow_relay_is_kept_a_few_seconds_ahead_and_never_idle() -> None:
    begun, ahead = play(Credit(5), ours=2000, delivers=40, seconds=60)
    assert max(ahead) <= 5 * 40 + 2000 * EVERY / 50 and min(ahead) > 0
    assert begun >= 40 * 59


def test_a_relay_that_keeps_pace_slows_nobody_down_once_it_is_known() -> None:
    credit = Credit(5)
    play(credit, ours=2000, delivers=1_000_000, seconds=3)
    begun, _ = play(credit, ours=2000, delivers=1_000_000, seconds=10)
    assert begun >= 0.99 * 2000 * 10


def test_a_relay_that_stands_still_gets_few() -> None:
    begun, _ = play(Credit(5), ours=2000, delivers=0, seconds=30)
    assert begun <= LEAST + 2000 * EVERY / 50


def test_what_others_hand_over_counts_as_ahead_and_teaches_the_rate() -> None:
    _, ahead = play(Credit(5), ours=2000, delivers=200, others=100, seconds=60)
    assert 200 < max(ahead[20:]) <= 5 * 200 * 1.2


def test_where_the_queue_is_not_ours_or_cannot_be_seen_nothing_is_held_back() -> None:
    assert Credit(None).is_open(1_000_000)
    credit = Credit(5)
    assert not credit.is_open(LEAST)
    credit.failed()
    assert credit.is_open(1_000_000)
    credit.looked(frozenset(map(str, range(LEAST))), begun=0, now=1.0)
    assert not credit.is_open(0)


@pytest.mark.parametrize(("ahead", "begun", "idle"), [([], 0, True), (["A"], 0, False), ([], 1, False)])
def test_an_empty_queue_that_got_nothing_is_not_looked_at(ahead: list[str], begun: int, idle: bool) -> None:
    credit = Credit(5)
    assert not credit.is_idle(0)
    credit.looked(frozenset(ahead), begun=0, now=1.0)
    assert credit.is_idle(begun) is idle

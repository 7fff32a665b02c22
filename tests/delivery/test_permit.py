"""What may begin at an instant: a forewarned stop holds, and by itself only for a moment."""

from datetime import timedelta

from tashika.delivery.permit import FOREWARNED, Permit

DISPATCH, OTHER = 7, 8


class Clock:
    """Seconds that the test lets pass."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def running(clock: Clock) -> Permit:
    """A permit that runs for an hour."""
    permit = Permit(timedelta(hours=1), clock)
    permit.runs_from(clock.now)
    return permit


def test_what_is_about_to_be_stopped_is_held_and_nothing_else() -> None:
    permit = running(Clock())
    permit.hold(DISPATCH)
    assert (permit.may_begin(DISPATCH, 1), permit.may_begin(OTHER, 1)) == (False, True)
    permit.hold(None)
    assert not permit.may_begin(OTHER, 1)


def test_a_stop_that_does_not_come_holds_for_a_moment_only() -> None:
    permit = running(clock := Clock())
    permit.hold(DISPATCH)
    permit.hold(None)
    clock.now += FOREWARNED
    assert permit.may_begin(DISPATCH, 0) and permit.may_begin(OTHER, 0)


def test_an_earlier_warning_does_not_end_a_later_one() -> None:
    permit = running(clock := Clock())
    permit.hold(DISPATCH)
    permit.hear([(1, DISPATCH, 2)])  # the press came, and sending was released at once
    assert permit.may_begin(DISPATCH, 2)
    clock.now += FOREWARNED - 0.1
    permit.hold(DISPATCH)
    clock.now += 0.2  # the first warning would have run out
    assert not permit.may_begin(DISPATCH, 2)


def test_a_stop_of_all_that_is_heard_outlasts_its_warning() -> None:
    permit = running(clock := Clock())
    permit.hold(None)
    permit.hear([(1, None, None)])
    clock.now += FOREWARNED
    assert not permit.may_begin(DISPATCH, 5)

"""Moments read as people write them, in either language."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from tashika.core import clock


@pytest.mark.parametrize(
    ("language", "minute", "second"),
    [
        ("ja", "2026年11月24日(火) 18:40", "2026年11月24日(火) 18:40:07"),
        ("en", "Tue 24 Nov 2026 18:40", "Tue 24 Nov 2026 18:40:07"),
    ],
)
def test_a_moment_has_its_weekday_in_the_zone_of_the_installation(language: str, minute: str, second: str) -> None:
    moment = datetime(2026, 11, 24, 9, 40, 7, tzinfo=UTC)
    with translation.override(language):
        assert (clock.in_words(moment), clock.to_the_second(moment)) == (minute, second)

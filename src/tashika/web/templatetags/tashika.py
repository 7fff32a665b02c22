"""Template tags of the interface, built in to every template."""

from datetime import datetime
from typing import Any

from django.template import Library

from tashika.core import clock
from tashika.core.text import t as text

register = Library()


@register.simple_tag
def t(ja: str, en: str, **values: Any) -> str:
    """Words in the active language: {% t "保存" "Save" %}; values by name: {% t "{n}件" "{n} contacts" n=count %}."""
    return str(text(ja, en, **values))


@register.filter
def in_words(moment: datetime | None) -> str:
    """A moment with its weekday: 2026年11月24日(火) 18:40."""
    return clock.in_words(moment) if moment else "–"


@register.filter
def to_the_second(moment: datetime | None) -> str:
    """The same with seconds."""
    return clock.to_the_second(moment) if moment else "–"


@register.filter
def grouped(number: int | None) -> str:
    """A number with thousands separated: 50,000."""
    return "–" if number is None else f"{number:,}"

"""Words in both languages, side by side where they are used.

`t("保存", "Save")` gives a text that reads Japanese or English by the active language when it is shown; values go
in by name: `t("{n}件", "{n} contacts", n=5)`. Two languages, one place each: nothing to compile, nothing to miss.
"""

from typing import Any


class Text:
    """A sentence in Japanese and English, resolved when it is turned into a string."""

    __slots__ = ("en", "ja", "values")

    def __init__(self, ja: str, en: str, values: dict[str, Any] | None = None) -> None:
        self.ja = ja
        self.en = en
        self.values = values or {}

    def in_language(self, language: str) -> str:
        """The sentence in `ja` or `en`."""
        pattern = self.ja if language.startswith("ja") else self.en
        if not self.values:
            return pattern
        values = {k: v.in_language(language) if isinstance(v, Text) else v for k, v in self.values.items()}
        return pattern.format(**values)

    def __str__(self) -> str:
        from django.conf import settings  # late: `tashika --help` is to be quick
        from django.utils import translation

        if not settings.configured:  # a command that works without Django
            return self.in_language("ja")
        return self.in_language(translation.get_language() or "ja")

    def __repr__(self) -> str:
        return f"Text({self.ja!r}, {self.en!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.ja, self.en, self.values) == (other.ja, other.en, other.values)

    def __hash__(self) -> int:
        return hash((self.ja, self.en))


def t(ja: str, en: str, **values: Any) -> Text:
    """A text in both languages; `{name}` is replaced by the value of that name."""
    return Text(ja, en, values)

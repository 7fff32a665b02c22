"""What a check found, for people: in both languages, with what to do and the record to copy. Pure."""

from dataclasses import dataclass
from typing import Any

from tashika.core.text import Text
from tashika.delivery.dkim.keys import in_strings

OK, WARNING, PROBLEM, UNKNOWN = "ok", "warning", "problem", "unknown"
LEVELS = (OK, WARNING, PROBLEM, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record to copy. `quoted` is the value as zone files want it, in strings of 255 bytes at most."""

    name: str
    type: str
    value: str

    @property
    def quoted(self) -> str:
        return in_strings(self.value) if self.type == "TXT" else self.value


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is what was looked at: spf, dkim, dmarc, ptr, mx or one_click; `shown` are the records as they are."""

    subject: str
    level: str
    what: Text
    fix: Text | None = None
    record: Record | None = None
    shown: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As it is kept and as machines read it."""
        found: dict[str, Any] = {"subject": self.subject, "level": self.level, "what": _both(self.what)}
        found["fix"] = _both(self.fix) if self.fix else None
        found["shown"] = [text[:1000] for text in self.shown]
        record = self.record
        found["record"] = (
            {"name": record.name, "type": record.type, "value": record.value, "quoted": record.quoted}
            if record
            else None
        )
        return found


def _both(text: Text) -> dict[str, str]:
    return {language: text.in_language(language) for language in ("ja", "en")}

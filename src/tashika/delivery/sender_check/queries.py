"""Reads: sending domains with their newest check, and domains that mails use and nobody has added."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import translation

from tashika.contents.models import Content, Kind
from tashika.core.text import Text, t
from tashika.delivery import sending_domains
from tashika.delivery.models import DkimKey, SenderCheck, SendingDomain
from tashika.delivery.sender_check.findings import OK, PROBLEM, UNKNOWN, WARNING

SUBJECTS: dict[str, Text] = {
    "spf": t("SPF（送信元の許可）", "SPF: who may send"),
    "dkim": t("DKIM（電子署名）", "DKIM: the signature"),
    "dmarc": t("DMARC（なりすまし対策）", "DMARC: against forgery"),
    "ptr": t("逆引き（PTR）", "Reverse name (PTR)"),
    "mx": t("返信とバウンスの受け取り（MX）", "Replies and bounces (MX)"),
    "one_click": t("ワンクリック配信停止", "One-click opt-out"),
}
LEVELS: dict[str, Text] = {
    PROBLEM: t("要対応", "Problem"),
    WARNING: t("注意", "Warning"),
    UNKNOWN: t("確認できません", "Can't tell"),
    OK: t("問題なし", "OK"),
}
_WORST_FIRST = (PROBLEM, WARNING, UNKNOWN, OK)
_PATIENCE = timedelta(seconds=45)  # then nobody makes the check: no worker runs


@dataclass(frozen=True, slots=True)
class Part:
    """One subject of a check: its worst level and its findings in the reader's language, the worst first."""

    subject: str
    level: str
    findings: list[dict[str, Any]]

    @property
    def title(self) -> Text:
        return SUBJECTS[self.subject]

    @property
    def level_words(self) -> Text:
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Checked:
    """A domain as the newest check shows it. `waiting`: a check was asked for and is not there yet; `late`: for so
    long that nobody seems to make it."""

    domain: SendingDomain
    check: SenderCheck | None
    parts: list[Part]
    waiting: bool
    late: bool

    @property
    def level(self) -> str:
        """The worst level of all; unknown before the first check."""
        return _worst([part.level for part in self.parts])

    @property
    def level_words(self) -> Text:
        return LEVELS[self.level]


def domains() -> QuerySet[SendingDomain]:
    """The domains in use, by name."""
    return SendingDomain.objects.filter(archived_at=None).order_by("name")


def checked(domain: SendingDomain, *, now: datetime) -> Checked:
    """A domain with its newest check."""
    check = SenderCheck.objects.filter(domain=domain).order_by("-id").first()
    asked = domain.check_asked_at
    waiting = asked is not None and (check is None or check.at < asked)
    late = waiting and asked is not None and now - asked > _PATIENCE
    return Checked(domain, check, _parts(check.findings) if check else [], waiting, late)


def keys_of(domain: SendingDomain) -> QuerySet[DkimKey]:
    """The keys of a domain, the newest first."""
    return DkimKey.objects.filter(domain=domain).select_related("domain").order_by("retired_at", "-id")


def domains_not_added() -> list[str]:
    """Domains that stand in the From of mails and that nobody has added."""
    drafts = Content.objects.filter(kind=Kind.MAIL).values_list("draft__from_email", flat=True).distinct()
    found: set[str] = set()
    for address in drafts:
        try:
            found.add(sending_domains.ascii_of(str(address or "")))
        except sending_domains.UnableToSetUpDomain:
            continue
    return sorted(found - set(domains().values_list("name", flat=True)))


def _parts(findings: list[dict[str, Any]]) -> list[Part]:
    parts = []
    for subject in SUBJECTS:
        found = sorted(
            (_in_words(one) for one in findings if one["subject"] == subject),
            key=lambda one: _WORST_FIRST.index(one["level"]),
        )
        if found:
            parts.append(Part(subject, str(found[0]["level"]), found))
    return parts


def _in_words(finding: dict[str, Any]) -> dict[str, Any]:
    language = "ja" if (translation.get_language() or "ja").startswith("ja") else "en"
    fix = finding["fix"][language] if finding["fix"] else ""
    return {**finding, "what": finding["what"][language], "fix": fix, "level_words": LEVELS[finding["level"]]}


def _worst(levels: list[str]) -> str:
    return next((level for level in _WORST_FIRST if level in levels), UNKNOWN)

"""Providers' webhook events, as `django-anymail` gives them: one event is one report.

The bytes that are kept are JSON: {"provider", "event_type", "recipient", "reject_reason", "mta_response",
"description", "esp_event"}; the last is the provider's own, whole.
"""

import json
from collections.abc import Iterator
from typing import Any

from tashika.delivery.bounces.parsing import reasons, references
from tashika.delivery.bounces.parsing.report import KIND_OF_REASON, Kind, Reason, Report

# What says that the provider took the mail, or that the person has it.
WENT_WELL = ("queued", "sent", "delivered", "opened", "clicked", "autoresponded", "unsubscribed")
_KINDS = {"complained": Kind.COMPLAINT, "deferred": Kind.DELAYED} | dict.fromkeys(WENT_WELL, Kind.DELIVERED)
_FAILED = ("bounced", "rejected", "failed")
_REASONS = {
    "invalid": Reason.UNKNOWN_USER,
    "blocked": Reason.BLOCKED,
    "spam": Reason.BLOCKED,
    "timed_out": Reason.EXPIRED,
}
# Where each provider says that a failure is for good: key anywhere in its event, value in lower case.
_PERMANENT = {
    ("bouncetype", "permanent"),  # SES
    ("type", "hardbounce"),  # Postmark
    ("type", "permanent"),  # Resend
    ("severity", "permanent"),  # Mailgun
    ("event", "hard_bounce"),  # Brevo, Mandrill
    ("hard_bounce", "true"),  # Mailjet
    ("type", "hard_bounced"),  # MailerSend
}  # fmt: skip
# Event types worth reading. `subscription` is a question to a person.
KINDS = (*_KINDS, *_FAILED, "subscription")
_DEEPEST = 12


def read(raw: bytes) -> Report:
    """What an event says."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return Report()
    if not isinstance(event, dict):
        return Report()
    pairs = list(_pairs(event.get("esp_event"), 0))
    texts = [value for _, value in pairs]
    words = " ".join(str(event[name]) for name in ("mta_response", "description") if event.get(name))[:500]
    kind, reason, code = _judge(event, words, pairs)
    recipient = str(event.get("recipient") or "")
    return Report(
        kind=kind,
        reason=reason,
        code=code,
        words=words,
        recipients=(recipient,) if recipient else (),
        format=str(event.get("provider", ""))[:30],
        subject=str(event.get("event_type", "")),
        references=references.within([*texts, *(f"<{value.strip('<>')}>" for value in texts if "@" in value)]),
    )


def _judge(event: dict[str, Any], words: str, pairs: list[tuple[str, str]]) -> tuple[Kind, str, str]:
    what, code = str(event.get("event_type")), reasons.code_in(words)
    if what in _KINDS:
        return _KINDS[what], "", code
    if what not in _FAILED:
        return Kind.UNKNOWN, "", code
    reason = reasons.reason_of(code, words)
    if reason is Reason.UNSTATED:
        reason = _REASONS.get(str(event.get("reject_reason")), reason)
    permanent = what == "bounced" and any((key, value.lower()) in _PERMANENT for key, value in pairs)
    if reason is Reason.UNSTATED and permanent:
        return Kind.HARD, reason, code
    return KIND_OF_REASON[reason], reason, code


def _pairs(value: Any, depth: int, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in an event with the key it stands under."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _pairs(inner, depth + 1, str(name).lower())
    elif isinstance(value, list):
        for inner in value[:200]:
            yield from _pairs(inner, depth + 1, key)
    elif isinstance(value, str | int | bool):
        yield key, str(value)

"""Delivery reports (RFC 3464), delayed and positive ones among them, and read receipts (RFC 8098)."""

import re
from dataclasses import dataclass

from tashika.delivery.bounces.parsing import reasons
from tashika.delivery.bounces.parsing.addresses import address_in, addresses
from tashika.delivery.bounces.parsing.parts import Fields, Message
from tashika.delivery.bounces.parsing.report import KIND_OF_REASON, Kind, Report

STATUS = ("message/delivery-status", "message/global-delivery-status")
_WORST_FIRST = ("failed", "delayed", "relayed", "expanded", "delivered")
_MOST_RECIPIENTS = 50


@dataclass(frozen=True, slots=True)
class _Recipient:
    """The fields of one recipient in a report."""

    action: str
    code: str
    words: str
    addresses: tuple[str, ...]


def read(message: Message) -> Report | None:
    """A report with a delivery status. Of several recipients the worst off speaks: a mail of ours has one, so that the
    others are what a list or a forward made of it."""
    part = message.of_type(*STATUS)
    if part is None:
        return None
    found = [
        one
        for block in re.split(rb"\r?\n(?:[ \t]*\r?\n)+", part.content.strip())[:_MOST_RECIPIENTS]
        if (one := _recipient(Fields(block))) is not None
    ]
    if not found:
        return None
    worst = min(found, key=lambda one: _WORST_FIRST.index(one.action))
    recipients = (*worst.addresses, *addresses(message.fields.every("x-failed-recipients")))
    if worst.action == "delayed":
        return Report(Kind.DELAYED, "", worst.code, worst.words, recipients, "rfc3464")
    if worst.action != "failed":
        return Report(Kind.DELIVERED, "", worst.code, worst.words, recipients, "rfc3464")
    return _failed(worst, recipients, message)


def read_receipt(message: Message) -> Report | None:
    """A disposition notification: opened, or deleted unread. A program wrote it on the person's behalf."""
    part = message.of_type("message/disposition-notification")
    if part is None:
        return None
    fields = Fields(part.content)
    recipients = tuple(addresses(fields.every("final-recipient", "original-recipient")))
    return Report(Kind.AUTO_REPLY, words=fields.get("disposition")[:500], recipients=recipients, format="rfc8098")


def _failed(worst: _Recipient, recipients: tuple[str, ...], message: Message) -> Report:
    words, code = worst.words, worst.code
    told = reasons.code_in(words)
    if code in ("", "5.0.0", "4.0.0") and told:
        code = told
    reason = reasons.reason_of(code, words if words else message.text[:2000])
    return Report(KIND_OF_REASON[reason], reason, code, words, recipients, "rfc3464")


def _recipient(fields: Fields) -> _Recipient | None:
    found = addresses(fields.every("original-recipient", "final-recipient", "x-actual-recipient"))
    code = reasons.code_in(fields.get("status"))
    action = re.match(r"[a-z]*", fields.get("action").lower())
    done = action[0] if action else ""
    if done not in _WORST_FIRST:
        if not code or not found:
            return None
        done = {"2": "delivered", "4": "failed", "5": "failed"}[code[0]]
    words = re.sub(r"^[\w-]{1,20}\s*;\s*", "", fields.words("diagnostic-code"))
    return _Recipient(done, code, words[:500].strip(), tuple(dict.fromkeys(map(address_in, found))))

"""Read a report: the one door of the parser."""

from dataclasses import replace

from tashika.delivery.bounces.parsing import (
    automatic,
    delivery_reports,
    fallback,
    feedback_reports,
    parts,
    plain_formats,
    references,
)
from tashika.delivery.bounces.parsing.addresses import addresses
from tashika.delivery.bounces.parsing.parts import Fields, Message
from tashika.delivery.bounces.parsing.report import Report

VERSION = 1  # raise it when the same bytes may read differently: `tashika bounces recompute` finds what is older


def read(raw: bytes) -> Report:
    """What a message says: the structured formats first, then the marks of automatic replies, then the table of plain
    formats. What nothing recognises is of the kind `unknown`."""
    message = parts.split(raw)
    found = (
        feedback_reports.read(message)
        or delivery_reports.read(message)
        or delivery_reports.read_receipt(message)
        or automatic.read(message)
        or plain_formats.read(message)
        or fallback.read(message, raw)
        or Report()
    )
    recipients = dict.fromkeys(_clean(one) for one in (*found.recipients, *_returned_to(message)))
    return replace(
        found,
        words=_clean(found.words),
        recipients=tuple(recipients)[:20],
        subject=_clean(message.fields.words("subject"))[:300],
        references=references.of(message),
    )


def _returned_to(message: Message) -> list[str]:
    """Whom the returned mail was addressed to: ours have one recipient each (G10)."""
    part = message.of_type("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    return addresses(Fields(part.content).every("to")[:1]) if part else []


def _clean(text: str) -> str:
    """Without what no database keeps: NUL and bytes that are no text."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()

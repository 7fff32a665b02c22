"""Feedback reports (RFC 5965): somebody pressed “this is spam”."""

from tashika.delivery.bounces.parsing.addresses import addresses
from tashika.delivery.bounces.parsing.parts import Fields, Message
from tashika.delivery.bounces.parsing.report import Kind, Report

# Feedback types that are a person's complaint (RFC 5965 7.3; opt-out is an older one that some providers still use).
# Others are no such thing: `not-spam` takes one back, `auth-failure` (RFC 6591) is about signatures.
_COMPLAINTS = ("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list")


def read(message: Message) -> Report | None:
    """A report with a feedback part."""
    part = message.of_type("message/feedback-report")
    if part is None:
        return None
    fields = Fields(part.content)
    kind = fields.get("feedback-type").lower().strip()
    recipients = addresses(fields.every("original-rcpt-to", "removal-recipient"))
    return Report(
        Kind.COMPLAINT if kind in _COMPLAINTS else Kind.UNKNOWN,
        words=f"{kind}; {fields.get('user-agent')}"[:500],
        recipients=tuple(recipients),
        format="rfc5965",
    )

"""What a report says."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a report means for the address it speaks of."""

    HARD = "hard"  # there is no such mailbox, and there won't be
    SOFT = "soft"  # not this time, or for a reason that is not the mailbox's
    COMPLAINT = "complaint"  # the person pressed “this is spam” (RFC 5965)
    DELAYED = "delayed"  # still being tried
    DELIVERED = "delivered"  # a positive report (RFC 3464: delivered, relayed, expanded)
    AUTO_REPLY = "auto_reply"  # written by a machine on the person's behalf (RFC 3834): never counted
    UNKNOWN = "unknown"  # kept and shown, never guessed


class Reason(StrEnum):
    """Why a mail was not delivered, as far as the report says so."""

    UNKNOWN_USER = "unknown_user"
    UNKNOWN_HOST = "unknown_host"
    DISABLED = "disabled"
    MOVED = "moved"
    MAILBOX_FULL = "mailbox_full"
    TOO_LARGE = "too_large"
    BLOCKED = "blocked"  # by our reputation, their policy or the person's own filter
    EXPIRED = "expired"  # tried for days
    ROUTING = "routing"  # a loop, no answer, a system that is down
    CONTENT = "content"
    UNSTATED = "unstated"


# What each reason says of the address. Whatever is not surely the mailbox's end is soft: counted, not condemned.
KIND_OF_REASON: dict[Reason, Kind] = {
    Reason.UNKNOWN_USER: Kind.HARD,
    Reason.UNKNOWN_HOST: Kind.HARD,
    Reason.DISABLED: Kind.HARD,
    Reason.MOVED: Kind.HARD,
} | dict.fromkeys(
    (
        Reason.MAILBOX_FULL,
        Reason.TOO_LARGE,
        Reason.BLOCKED,
        Reason.EXPIRED,
        Reason.ROUTING,
        Reason.CONTENT,
        Reason.UNSTATED,
    ),
    Kind.SOFT,
)


@dataclass(frozen=True, slots=True)
class References:
    """What in a report names one of our mails, the surest first in each. Nothing is verified here."""

    tokens: tuple[str, ...] = ()  # of return paths and envelope ids
    links: tuple[str, ...] = ()  # tokens of opt-out links
    message_ids: tuple[str, ...] = ()  # the UUIDs of our Message-IDs


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `format` names what recognised it; `code` is an enhanced status code (RFC 3463) or empty."""

    kind: Kind = Kind.UNKNOWN
    reason: str = ""
    code: str = ""
    words: str = ""  # the diagnostic words, as they stand in the report
    recipients: tuple[str, ...] = ()  # addresses that it may speak of, the surest first
    format: str = ""
    subject: str = ""
    references: References = References()

"""What a refusal speaks of, whether it may be lifted, and when to try again. Pure.

The basic code (RFC 5321 4.2.1) says whether it is for the time being; the enhanced code (RFC 3463) whom it is about:

    recipient   the address or the mailbox: unknown, disabled, full, greylisted
    pace        too many at a time, too fast, or the other side is busy
    mail        this mail: its size, its content, a policy against it
    us          our sender address, or what the relay is set up to take from us
    login       the relay does not know us, or asks for encryption

Words are asked only where servers are known to misuse codes. Only what speaks of the recipient says anything about the
address: everything else would befall the next recipient too.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class About(StrEnum):
    """Whom or what a refusal speaks of."""

    RECIPIENT = "recipient"
    PACE = "pace"
    MAIL = "mail"
    US = "us"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it is understood. `bad_address`: there is no such mailbox, and there will be none."""

    about: About
    temporary: bool
    bad_address: bool = False


_REPLY = re.compile(r"(\d{3})(?:[ -]+([245])\.(\d{1,3})\.(\d{1,3}))?")
_LOGIN_CODES = (530, 534, 535, 538)  # RFC 4954 6, RFC 3207 4
_LOGIN = {"7.8", "7.9", "7.11"}
_US = {"1.7", "1.8", "3.3", "3.5", "5.0", "5.1", "5.2", "5.4", "5.5", "7.27", "7.28"}
_MAIL = {"2.3", "3.4"}
_PACE = {"3.0", "3.1", "3.2", "4.0", "4.1", "4.2", "4.3", "4.4", "4.5", "4.7", "5.3"}
_NO_SUCH = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}

# Postfix tells at RCPT what it has against client, greeting or sender (smtpd_delay_reject); many servers give 5.7.1 for all.
_WORDS_US = re.compile(
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:allowed|permitted))|unable to relay|"
    r"sender address rejected|client host rejected|helo command rejected|not owned by user|sender verify failed",
    re.IGNORECASE,
)
_WORDS_LOGIN = re.compile(r"authenticat\w+ (?:is )?(?:required|fail)|must (?:issue a )?STARTTLS", re.IGNORECASE)
_WORDS_RECIPIENT = re.compile(
    r"gr[ae]y-?list|(?:user|recipient|mailbox)\b.{0,40}\b(?:unknown|not found|not exist|full|disabled)|"
    r"(?:unknown|no such|invalid) (?:user|recipient|mailbox|address)|over ?quota|mailbox full",
    re.IGNORECASE,
)
_WORDS_MAIL = re.compile(r"(?:message|mail|size|line).{0,30}(?:too (?:large|big|long)|exceed)", re.IGNORECASE)


def understood(reply: str, step: str = "") -> Refusal:
    """What a refusal says. `step` is the command it answers: MAIL, RCPT, DATA, "." or nothing where there was none."""
    found = _REPLY.match(reply)
    code = int(found[1]) if found else 451
    enhanced = f"{int(found[3])}.{int(found[4])}" if found and found[2] else ""
    temporary = code < 500
    about = _about(code, enhanced, reply, step, temporary)
    bad = about is About.RECIPIENT and not temporary and _is_no_such(code, enhanced, step)
    return Refusal(about, temporary, bad)


def _about(code: int, enhanced: str, reply: str, step: str, temporary: bool) -> About:
    if code in _LOGIN_CODES or enhanced in _LOGIN or _WORDS_LOGIN.search(reply):
        return About.LOGIN
    if enhanced in _US or _WORDS_US.search(reply):
        return About.US
    if step == "MAIL" and not temporary and enhanced not in _MAIL and code != 552:
        return About.US
    if _WORDS_RECIPIENT.search(reply):
        return About.RECIPIENT
    if enhanced in _MAIL or enhanced.startswith("6.") or _WORDS_MAIL.search(reply):
        return About.MAIL
    if enhanced.startswith("7."):
        return About.PACE if temporary else About.MAIL
    if temporary and (code == 421 or enhanced in _PACE or (not enhanced and (code in (451, 452) or step != "RCPT"))):
        return About.PACE
    if enhanced:
        return About.US if enhanced.startswith("3.") else About.RECIPIENT
    return About.RECIPIENT if step == "RCPT" and code != 554 else About.MAIL


def _is_no_such(code: int, enhanced: str, step: str) -> bool:
    return enhanced in _NO_SUCH or (not enhanced and step == "RCPT" and code in (550, 551, 553))


def slow_down(refusal: Refusal) -> bool:
    """Whether the other side asks for fewer mails at a time."""
    return refusal.temporary and refusal.about is About.PACE


_MINUTES = {
    About.RECIPIENT: (5, 20, 60, 120, 240),  # greylisting lets go after five; a full mailbox takes longer
    About.PACE: (5, 15, 30, 60, 120),
    About.MAIL: (15, 30, 60, 120, 240),
    About.US: (15, 30, 60, 120),
    About.LOGIN: (1, 2, 5, 10, 30),
}


def delay(about: About, tries: int, jitter: float) -> timedelta:
    """How long to wait after `tries` tries before this one. `jitter` from 0 to 1 makes it up to a quarter longer, so
    that what was refused together does not come back together."""
    minutes = _MINUTES[about]
    return timedelta(minutes=minutes[min(tries, len(minutes) - 1)] * (1 + jitter / 4))


def next_attempt(
    *, refusal: Refusal, attempts: int, now: datetime, give_up_at: datetime, proven: bool, jitter: float
) -> datetime | None:
    """When a refused row is due again; None where the refusal is final.

    `attempts` counts the tries before this one; `proven` says that the same mail was accepted for somebody. What
    does not speak of the recipient is believed at its second time only, and what speaks of us only once the mail is
    proven: a relay that is set up wrongly refuses everybody, and nobody is to be lost by it.
    """
    if refusal.about is About.RECIPIENT and not refusal.temporary:
        return None
    due = now + delay(refusal.about, attempts, jitter)
    if refusal.about is About.LOGIN or (refusal.about is About.US and not proven):
        return due
    if due >= give_up_at:
        return None
    return None if not refusal.temporary and attempts > 0 and proven else due

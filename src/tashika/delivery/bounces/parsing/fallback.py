"""What no reader of ours knows: the detectors of `flufl.bounce` (Apache-2.0) are asked whether it is a bounce at all.

They tell a bounce and its recipient, not its reason: what they find is soft, that is counted and never condemned.
"""

import email
import logging

from flufl.bounce import all_failures

from tashika.delivery.bounces.parsing import reasons
from tashika.delivery.bounces.parsing.automatic import from_daemon
from tashika.delivery.bounces.parsing.parts import MOST, Message
from tashika.delivery.bounces.parsing.report import Kind, Reason, Report

_LIMIT = 60_000  # bytes: a bounce that is longer has its words at the beginning
log = logging.getLogger(__name__)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it would log addresses


def read(message: Message, raw: bytes) -> Report | None:
    """A bounce of an unusual format from a mail system, or None."""
    hostile = len(message.parts) >= MOST or any(part.type.startswith("multipart/") for part in message.parts)
    if not from_daemon(message) or hostile:
        return None
    try:
        temporary, permanent = all_failures(email.message_from_bytes(raw[:_LIMIT]))
    except Exception as error:  # another's code on hostile input: whatever it stumbles over, the report is kept
        log.info("the fallback could not read a report: %s", type(error).__name__)
        return None
    found = [one.decode("ascii", "replace") for one in sorted(permanent or temporary)]
    if not found:
        return None
    words = message.text.strip()
    return Report(Kind.SOFT, Reason.UNSTATED, reasons.code_in(words), words[:300], tuple(found[:20]), "flufl")

"""What Postfix's log says of mails, by their Message-ID. Pure.

    cleanup[…]: QUEUEID: message-id=<…>                  the header came in; nothing is taken yet
    qmgr[…]:    QUEUEID: from=<…>, … (queue active)      the mail is in the queue: it was taken
    cleanup[…]: QUEUEID: reject: … / milter-reject: …    it was refused at its end

Where the connection is lost within the body the first line stands alone, so that it proves nothing. A queue id is used
again once its mail is gone: it means the Message-ID that was last seen with it. Postfix writes what strangers send with
control characters masked, so that nobody can write a line of their own.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_LINE = re.compile(r"/(cleanup|qmgr)\[\d+\]: ([0-9A-Za-z]{5,20}): (.*)")
_MESSAGE_ID = re.compile(r"message-id=<?([^@>\s]+)")
_REFUSAL = re.compile(r"^(?:milter-)?reject: .*?: ([45]\.\d{1,3}\.\d{1,3} [^;]{0,200})")


class Found(NamedTuple):
    """What a line proves: whether the mail with this Message-ID (its part before the @) was taken, and its words."""

    message_id: str
    taken: bool
    words: str


class Reader:
    """Reads lines in their order. `seen` is what stays open at the end of one reading and begins the next: queue ids of
    mails whose header came in, with their Message-IDs."""

    def __init__(self, wanted: Iterable[str], seen: dict[str, str] | None = None) -> None:
        self._wanted = frozenset(wanted)
        self.seen = dict(seen or {})

    def read(self, line: str) -> Found | None:
        """What this line proves of a wanted mail."""
        match = _LINE.search(line)
        if match is None:
            return None
        service, queue_id, rest = match.groups()
        if service == "cleanup" and (header := _MESSAGE_ID.match(rest)):
            self._header_came(queue_id, header[1])
            return None
        message_id = self.seen.get(queue_id)
        if message_id is None:
            return None
        if service == "qmgr" and rest.startswith("from=<") and rest.rstrip().endswith("(queue active)"):
            del self.seen[queue_id]
            return Found(message_id, True, f"log {queue_id}: queue active")
        if service == "cleanup" and (refusal := _REFUSAL.match(rest)):
            del self.seen[queue_id]
            return Found(message_id, False, f"log {queue_id}: reject: {refusal[1].strip()}")
        return None

    def _header_came(self, queue_id: str, message_id: str) -> None:
        self.seen.pop(queue_id, None)
        if message_id in self._wanted:
            self.seen[queue_id] = message_id

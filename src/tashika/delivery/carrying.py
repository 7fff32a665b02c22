"""What a lane carries: a dispatch's letter, ready to be filled, and rows whose transaction has begun."""

import hashlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar

from tashika.contents.models import Version
from tashika.delivery import letters, states
from tashika.delivery.ledger import Claimed, Due, Ended
from tashika.delivery.models import Dispatch
from tashika.delivery.smtp.client import Transaction

FRESH = 20.0  # seconds until keys and settings are looked up again


@dataclass(frozen=True, slots=True)
class Letter:
    """What is common to the mails of a dispatch."""

    mail: letters.Mail
    give_up_at: datetime
    fresh_until: float  # on time.monotonic: keys and the return path may change
    priority: int
    urgent: bool


@dataclass(slots=True, eq=False)
class Carried(Transaction):
    """A row whose transaction has begun."""

    plain: ClassVar[bool] = True  # headers, boundaries and lines of base64: `mails.compiling` begins none with a dot

    row: Claimed
    letter: Letter
    begun: int  # microseconds since 1970
    digest: bytes  # of the message before it was signed: what can be built again (G6)
    body: int = field(default=0, init=False)  # when it was handed over, in microseconds since 1970
    settled: bool = field(default=False, init=False)  # on record already, because a stop could not wait for the reply

    def cut_short(self, now: int) -> Ended:
        """What is put on record where a stop can't wait for the reply: a doubt, unless the body had not begun."""
        row = self.row
        if self.body_begun:
            return Ended(row.id, row.claim, states.IN_DOUBT, "no reply yet", self.begun, now)
        return Ended(row.id, row.claim, states.QUEUED, "stopped before the body", None, now)


def begin(row: Claimed, letter: Letter, begun: int) -> Carried:
    """A row's mail, ready for the wire; `begun` is in microseconds since 1970. Raises whatever is wrong with this
    person's values."""
    message = letter.mail.build(
        row=row.id,
        address=row.address,
        message_id=row.message_id,
        values=row.values,
        date=to_the_second(begun // 1_000_000),
    )
    digest = hashlib.sha256(message).digest()
    if letter.mail.signer:
        message = letter.mail.signer.sign(message)
    sender = letter.mail.envelope_sender(row.id)
    return Carried(sender, row.address, message, row, letter, begun, digest)


@lru_cache(maxsize=4)
def to_the_second(seconds: int) -> datetime:
    """The moment of a Date field, which has no fractions."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def letter_of(due: Due) -> Letter:
    """Compile the mail of a dispatch. Raises TashikaError or ValueError, such as for a key that can't be unsealed."""
    kept = Version.objects.get(pk=due.mail_version)
    organisation, to_staff = Dispatch.objects.values_list("organisation", "to_staff").get(pk=due.id)
    mail = letters.of(kept, organisation, to_staff=to_staff)
    return Letter(mail, due.give_up_at, time.monotonic() + FRESH, due.priority, due.urgent)

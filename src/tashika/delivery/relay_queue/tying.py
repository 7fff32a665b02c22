"""Which mails in Postfix's queue are of these dispatches: by Message-ID and recipient, never by a queue id alone.

A queue id is used again once its mail is gone, and a mail that a content filter hands back gets another one. So the queue id
that stands in the ledger's reply names a mail to people; what is acted on is the mail that has our Message-ID in it now.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from tashika.delivery import postfix_queue, states
from tashika.delivery.models import LedgerRow
from tashika.delivery.postfix_queue import Waiting
from tashika.people.addresses import address_key

AT_A_TIME = 1000  # addresses in one question to the ledger


@dataclass(frozen=True, slots=True)
class Tied:
    """A mail in the queue with its ledger row."""

    row: LedgerRow
    mail: Waiting

    @property
    def queue_id(self) -> str:
        """The id that it has in the queue now."""
        return self.mail.queue_id


def tie(waiting: Iterable[Waiting], dispatches: Iterable[int]) -> list[Tied]:
    """Those of the waiting mails that belong to these dispatches and have not left. Raises UnableToChangeQueue where this
    account may not read Message-IDs."""
    by_address = defaultdict(list)
    for mail in waiting:
        if len(mail.recipients) == 1:  # ours have one (G10); none: it is done
            by_address[address_key(mail.recipients[0])].append(mail)
    ids = list(dispatches)
    pairs = [Tied(row, mail) for row in _rows(ids, list(by_address)) for mail in by_address[row.address_key]]
    named = postfix_queue.message_ids(sorted({one.queue_id for one in pairs}))
    return [one for one in pairs if named.get(one.queue_id, "").partition("@")[0] == str(one.row.message_id)]


def _rows(dispatches: list[int], keys: list[str]) -> Iterable[LedgerRow]:
    handed_over = Q(exception=None) | ~Q(exception=states.EXCLUDED)
    of_these = LedgerRow.objects.filter(handed_over, dispatch_id__in=dispatches).defer("merge_values")
    for start in range(0, len(keys), AT_A_TIME):
        named = of_these.filter(address_key__in=keys[start : start + AT_A_TIME])
        yield from named.filter(staff_id=None)  # each has an index of its own
        yield from named.filter(staff_id__isnull=False)

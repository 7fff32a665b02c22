"""What stops found in the relay's queue, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from tashika.delivery import queries
from tashika.delivery.models import Dispatch, HeldMail, LedgerRow, QueueLook, Relay, Stop


@dataclass(frozen=True, slots=True)
class Standing:
    """How a dispatch stands in the relay's queue. `handed_over`, `held`, `under_way` and `left` are what the newest stop
    found at `at`; None: its look is still to come. `now` counts the held mails by their present state."""

    at: datetime | None
    handed_over: int
    held: int
    under_way: int
    error: str
    now: dict[str, int]
    wished: int

    @property
    def left(self) -> int:
        """How many had left the queue already."""
        return max(0, self.handed_over - self.held - self.under_way)

    @property
    def undecided(self) -> int:
        """Held, and nobody has said what to do with them."""
        return self.now.get(HeldMail.State.HELD, 0) - self.wished


@dataclass(frozen=True, slots=True)
class HeldRecipient:
    """A person whose mail was held, with what became of it. `wish` is what is decided and not done yet."""

    row_id: int
    contact_id: int
    address: str
    name: str  # with the company's
    queue_id: str
    held_at: datetime
    state: str
    wish: str
    wished_by: str
    reason: str


def standing(dispatch: Dispatch) -> Standing | None:
    """None where no stop has touched it, or its relay's queue is not ours."""
    looks = list(QueueLook.objects.filter(figures__has_key=str(dispatch.pk)).order_by("-stop_id"))
    newest = [one for one in looks if one.stop_id == looks[0].stop_id]
    figures = [one.figures[str(dispatch.pk)] for one in newest]
    failed = _failed(dispatch)
    if not looks and failed is None:
        return None
    states = HeldMail.objects.filter(dispatch=dispatch).values_list("state").annotate(number=Count("pk"))
    wished = HeldMail.objects.filter(dispatch=dispatch, state=HeldMail.State.HELD).exclude(wish="")
    return Standing(
        at=max((one.at for one in newest), default=None),
        handed_over=max((one["handed_over"] for one in figures), default=0),
        held=sum(one["held"] for one in figures),
        under_way=sum(one["under_way"] for one in figures),
        error=failed or "",
        now={str(state): number for state, number in states},
        wished=wished.count(),
    )


def held(dispatch_id: int, *, after_id: int = 0, limit: int = 50) -> list[HeldRecipient]:
    """A page of those whose mail was held, in the ledger's order."""
    page = HeldMail.objects.filter(dispatch_id=dispatch_id, row_id__gt=after_id).order_by("row_id")[:limit]
    mails = {one.row_id: one for one in page}
    rows = LedgerRow.objects.filter(pk__in=list(mails)).order_by("pk")
    return [_held(mails[one.row_id], one) for one in queries.with_names(list(rows))]


def undecided(dispatch_id: int) -> QuerySet[HeldMail]:
    """Held mails about which nobody has decided."""
    return HeldMail.objects.filter(dispatch_id=dispatch_id, state=HeldMail.State.HELD, wish=HeldMail.Wish.NONE)


def of_rows(rows: list[int]) -> dict[int, str]:
    """The state of those of these ledger rows whose mail was held."""
    return dict(HeldMail.objects.filter(row_id__in=rows).values_list("row_id", "state"))


def _held(mail: HeldMail, who: queries.Recipient) -> HeldRecipient:
    names = (who.company_name, who.family_name, who.given_name)
    return HeldRecipient(
        row_id=who.row_id,
        contact_id=who.contact_id,
        address=who.address,
        name=" ".join(one for one in names if one),
        queue_id=mail.queue_id,
        held_at=mail.held_at,
        state=mail.state,
        wish=mail.wish,
        wished_by=mail.wished_by,
        reason=mail.reason,
    )


def is_ours(dispatch: Dispatch) -> bool:
    """Whether its relay is the Postfix of the senders' host."""
    relay = dispatch.relay or Relay.objects.filter(is_default=True, archived_at=None).first()
    return relay is not None and relay.on_this_host


def _failed(dispatch: Dispatch) -> str | None:
    """Why the newest stop has found nothing yet: the words of an error, none while the look is to come. None: it is over,
    or the relay is not the Postfix of this host."""
    stop = Stop.objects.filter(dispatch=dispatch).order_by("-pk").first()
    if stop is None or not is_ours(dispatch):
        return None
    looks = list(QueueLook.objects.filter(stop=stop))
    if any(str(dispatch.pk) in one.figures for one in looks):
        return None
    return next((one.error for one in looks if one.error), "" if not looks else None)

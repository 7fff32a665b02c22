"""What is known of an installation that sends nothing, and the person's word that it may send again (G13).

Nobody arms while a host that may know more has not compared its journals, unless the person says that this host is lost:
then everything its senders had in hand is in doubt, and on record as that.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sql
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery import reconciling
from tashika.delivery.arming import looking, reasons
from tashika.delivery.models import Arming, Dispatch, Sender, SenderHost, Unmatched

SEEN_WITHIN = timedelta(seconds=60)  # a host that looks about, does so every second


class UnableToArm(TashikaError):
    """Something is missing before senders may go on."""

    code = "unable_to_arm"


@dataclass(frozen=True, slots=True)
class HostSaid:
    """A sending host and what it said. `why` is empty where it may send; `must_answer` where its journals are still
    missing, or another host waits for it."""

    id: UUID
    name: str
    why: list[Text]
    armed: bool
    here: bool  # it was seen within a minute
    seen_at: datetime
    compared_at: datetime | None
    compared: dict[str, int]
    must_answer: bool
    awaited: bool = False  # by a host that was away while it worked

    @property
    def moved(self) -> int:
        """Mails that the ledger had forgotten and knows again."""
        return sum(self.compared.get(state, 0) for state in ("accepted", "refused", "in_doubt"))

    @property
    def handed_over(self) -> int:
        """Mails in the journals that were compared."""
        return self.compared.get("handed_over", 0)

    @property
    def unmatched(self) -> int:
        """Mails of which the ledger has no row any more."""
        return self.compared.get("unmatched", 0)

    @property
    def short(self) -> str:
        """The beginning of the id, for people who have two hosts of one name."""
        return str(self.id)[:8]


@dataclass(frozen=True, slots=True)
class Leaving:
    """What would leave of a dispatch if senders went on."""

    dispatch: int
    name: str
    state: str
    number: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the installation stands. `armed` is False where nobody may send; `waiting` are hosts that may not, though
    others do."""

    armed: bool
    since: datetime | None
    why: list[Text]
    hosts: list[HostSaid] = field(default_factory=list)
    sending: bool = False  # a sender is at work

    @property
    def waiting(self) -> list[HostSaid]:
        """Hosts that are here and may not send."""
        return [host for host in self.hosts if host.here and host.why]

    @property
    def is_fine(self) -> bool:
        """Nothing to decide."""
        return self.armed and not self.waiting

    @property
    def only_this(self) -> bool:
        """Whether one host alone can go on."""
        return len(self.waiting) == 1 and not any(host.armed and not host.must_answer for host in self.hosts)

    @property
    def missing(self) -> list[HostSaid]:
        """Hosts that know something and have not said it."""
        return [host for host in self.hosts if host.must_answer]


def situation(*, now: datetime) -> Situation:
    """Where the installation stands at this moment. A few rows; every page asks."""
    arming = Arming.objects.first()
    if arming is None:  # no sender has ever looked
        return Situation(True, None, [])
    codes = list(arming.why)
    codes += [code for code in reasons.of_place(arming.place, looking.place()) if code not in codes]
    hosts = list(SenderHost.objects.order_by("name", "first_seen_at"))
    waits = _waits(hosts, now)
    return Situation(
        armed=arming.unarmed_since is None and not codes,
        since=arming.unarmed_since,
        why=reasons.in_words(codes),
        hosts=[_said(host, hosts, arming, bool(codes), waits, now) for host in hosts],
        sending=Sender.objects.filter(ended_at=None, permit_until__gt=now).exists(),
    )


def leaving() -> list[Leaving]:
    """What would leave, by dispatch; what is stopped comes last and would not leave."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "leaving"))
        return [Leaving(row[0], row[1], row[2], int(row[3])) for row in cursor.fetchall()]


def unmatched() -> int:
    """How many mails left of which the ledger has no row."""
    return Unmatched.objects.count()


def arm(*, by: User, hosts: Collection[UUID], lost: Collection[UUID] = (), reason: str, now: datetime) -> None:
    """Senders may go on, with the database as it is now: those on hosts that are armed already, and on these. `lost` are hosts whose journals nobody will bring.
    Raises UnableToArm where something is missing, NotAllowed for whom may not release."""
    require(by.role, "release")
    if not reason.strip():
        raise UnableToArm(t("理由を書いてください。", "Give a reason."), where="reason")
    with transaction.atomic():
        looking.one_at_a_time()
        arming = Arming.objects.select_for_update().first()
        if arming is None:
            raise UnableToArm(t("送信ロックはかかっていません。", "Nothing is locked."))
        known = {host.pk: host for host in SenderHost.objects.select_for_update().order_by("pk")}
        if situation(now=now).is_fine:
            raise UnableToArm(t("送信ロックはかかっていません。", "Nothing is locked."))
        new = [known[one] for one in hosts if one in known and one not in lost and not known[one].armed_at]
        doubts = sum(_lose(known[one], now) for one in lost if one in known)
        _refuse_without_answers(now, new)
        chosen = [host for host in known.values() if host.armed_at or host in new]
        detail = {
            "reason": reason[:300],
            "why": arming.why,
            "place": looking.place(),
            "hosts": [str(host) for host in chosen],
            "lost": [str(known[one]) for one in lost if one in known],
            "in_doubt": doubts,
            "leaving": {str(one.dispatch): one.number for one in leaving() if one.state != Dispatch.State.STOPPED},
        }
        _arm(arming, chosen, by, now)
        audit.record(actor=actor_of(by), verb="arm", subject="installation", now=now, detail=detail)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('tashika_work', 'armed')")


def _arm(arming: Arming, hosts: list[SenderHost], by: User, now: datetime) -> None:
    for host in hosts:
        host.counter = max(host.counter, host.remembered) + 1
        host.armed_at, host.lost_at = now, None
        host.save(update_fields=["counter", "armed_at", "lost_at"])
    arming.place, arming.why, arming.unarmed_since = looking.place(), [], None
    arming.armed_at, arming.armed_by = now, actor_of(by).label[:200]
    arming.save(update_fields=["place", "why", "unarmed_since", "armed_at", "armed_by"])


def _lose(host: SenderHost, now: datetime) -> int:
    """A host is lost: nothing of it is believed any more; the number of its mails that are in doubt by that."""
    if Sender.objects.filter(home=host, ended_at=None, permit_until__gt=now).exists():
        raise UnableToArm(
            t("「{host}」はまだ動いています。", "“{host}” is still at work.", host=host.name),
            fix=t("止めてから、1分待ってください。", "Stop it and wait a minute."),
        )
    host.armed_at, host.lost_at, host.compared_at = None, now, None
    host.save(update_fields=["armed_at", "lost_at", "compared_at"])
    return reconciling.settle_lost(host=host.pk, now=now)


def _refuse_without_answers(now: datetime, new: list[SenderHost]) -> None:
    here = situation(now=now)
    copied = {host.copy_of for host in new}
    missing = [one for one in here.missing if not here.armed or one.awaited or one.id in copied]
    if missing:
        raise UnableToArm(
            t("「{hosts}」の記録をまだ突き合わせていません。", "The journals of “{hosts}” were not compared yet.",
              hosts=", ".join(one.name for one in missing)),
            fix=t(
                "そのホストで sender を起動してください。失われたのなら、そう指定してください。",
                "Start a sender on that host. If the host is lost, say so.",
            ),
        )  # fmt: skip
    if any(host.compared_at is None for host in new) or not (new or any(one.armed for one in here.hosts)):
        raise UnableToArm(
            t("送信を許可するホストが、まだ記録を突き合わせていません。", "No host that may send has compared its journals yet."),
            fix=t("sender を起動して、少し待ってください。", "Start a sender and wait a moment."),
        )  # fmt: skip


def _waits(hosts: list[SenderHost], now: datetime) -> list[tuple[UUID, UUID]]:
    """Hosts that are here and wait for another one, each with that one."""
    here = {host.pk for host in hosts if host.seen_at > now - SEEN_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "awaited"))
        return [(host, awaited) for host, awaited in cursor.fetchall() if host in here]


def _said(
    host: SenderHost,
    all_hosts: list[SenderHost],
    arming: Arming,
    unarmed: bool,
    waits: list[tuple[UUID, UUID]],
    now: datetime,
) -> HostSaid:
    why = [] if host.armed_at else ["lost" if host.lost_at else host.born]
    if any(waiting == host.pk for waiting, _ in waits):
        why = ["not_first"]
    awaited = any(other == host.pk for _, other in waits)
    on_record = arming.unarmed_since is not None  # else what was compared is of an earlier time
    compared = host.compared_at is not None and (on_record or not unarmed)
    expected = host.armed_at is not None
    return HostSaid(
        id=host.pk,
        name=host.name,
        why=reasons.in_words(why),
        armed=host.armed_at is not None,
        here=host.seen_at > now - SEEN_WITHIN,
        seen_at=host.seen_at,
        compared_at=host.compared_at if compared else None,
        compared=dict(host.compared),
        must_answer=expected and (awaited or (unarmed and not compared) or _is_silent_original(host, all_hosts)),
        awaited=awaited,
    )


def _is_silent_original(host: SenderHost, hosts: list[SenderHost]) -> bool:
    """Whether a copy of this host waits, and the host itself has not been heard of since the copy appeared: then this
    database may be a copy as well, and the host at work elsewhere."""
    return any(copy.copy_of == host.pk and not copy.armed_at and host.seen_at <= copy.first_seen_at for copy in hosts)

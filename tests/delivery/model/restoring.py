"""A database that is put back to an earlier state, and the person who arms it again (G13).

What the model takes for granted: when a backup is made somebody is at work, and nobody hangs; a restore takes longer than
a permit. Permits are renewed every second; so a host that was at work at the backup either remembers more than the backup,
or (`soon`) all was put back within a second, and then those hosts are back within ten.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tashika.delivery.arming import deciding
from tashika.delivery.arming.deciding import UnableToArm
from tashika.delivery.arming.memory import own_host
from tashika.delivery.models import SenderHost
from tests.delivery.model.invariants import Promises, State
from tests.delivery.model.smtp_world import Event

if TYPE_CHECKING:
    from tests.delivery.model.world import Pressed, World

HOSTS = ("a", "b")
TAKES = 20  # seconds that a restore takes
AWAITED = 9  # seconds after it in which those who were at work are back
LAPSE = 5  # seconds by which whoever ended before a backup is behind those who did not


@dataclass
class Backup:
    """A backup, and what was true of the rest of the world then."""

    at: float
    soon: bool
    hosts: set[str]  # that were at work
    claims: int  # the number of the last one
    promises: Promises
    stops: "list[Pressed]"
    handed: set[tuple[str, int]] = field(default_factory=set)  # host and claim of each body that began since

    def forgets(self) -> bool:
        """Whether something left that it does not know of."""
        return any(claim > self.claims for _, claim in self.handed)


@dataclass
class Restores:
    """The backup, if there is one, and how far a restore has been dealt with."""

    backup: Backup | None = None
    cause: bool = False  # senders may be locked
    since: float = 0.0  # the start of the database
    awaited: set[str] = field(default_factory=set)  # hosts that are back within ten seconds
    lost: set[str] = field(default_factory=set)  # hosts that a person said are lost

    def saw(self, event: Event, host: str, state: State) -> None:
        """A body began."""
        if self.backup and event.what == "body":
            claims = {row.claim for row in state.rows.values() if row.address == event.address and row.claim}
            self.backup.handed |= {(host, claim) for claim in claims}


def may_back_up(world: "World") -> bool:
    """Somebody is at work, and nobody hangs."""
    living = [one for one in world.senders if one.real is not None]
    return bool(living) and not world.promises.locked and not any(one.frozen or one.operations for one in living)


def may_put_back(world: "World") -> bool:
    """There is a backup; one for a restore within the second is soon too old."""
    backup = world.restores.backup
    return backup is not None and (not backup.soon or world.at - backup.at < TAKES)


def back_up(world: "World", *, soon: bool) -> None:
    """Keep a backup. All who are at work renew their permits right before it and, unless it is `soon` put back, right
    after it."""
    world.do_time(LAPSE)
    living = _renew(world)
    world.scene.admin.keep("backup")
    world.restores.backup = Backup(
        at=world.at,
        soon=soon,
        hosts={world.senders[number].host for number in living},
        claims=world.scene.admin.last("backup", "delivery_claim"),
        promises=deepcopy(world.promises),
        stops=list(world.stops),
    )
    if not living or (not soon and _renew(world) != living):
        world.restores.backup = None


def put_back(world: "World", *, dump: bool) -> None:
    """The database ends, is put back and starts anew; from a `dump` it is another place."""
    backup = world.restores.backup
    assert backup is not None
    world.lose_the_database()
    world.do_time(TAKES)
    world.scene.admin.put_back("backup")
    world.scene.admin.started(elsewhere=dump)
    world.restores.since = world.at
    world.do_time(1)
    world.state = State.of(world.scene.admin.state())
    world.promises = deepcopy(backup.promises)
    world.promises.locked = dump or backup.forgets()
    world.stops = list(backup.stops)
    world.restores.cause = True
    world.restores.awaited = set(backup.hosts) if backup.soon else set()


def arm(world: "World", *, lost: str) -> None:
    """A person says that senders may go on, and perhaps that a host is lost; refused while something is missing."""
    known = [own_host(world.folder / lost)] if lost else []
    now = world.wall_clock()
    waiting = [one.id for one in deciding.situation(now=now).waiting]
    try:
        deciding.arm(
            by=world.scene.publisher, hosts=waiting, lost=[one for one in known if one], reason="restored", now=now
        )
    except UnableToArm:
        return
    world.promises.locked = world.restores.cause = False
    armed = set(SenderHost.objects.filter(armed_at__isnull=False).values_list("pk", flat=True))
    world.restores.lost = {host for host in HOSTS if own_host(world.folder / host) not in armed}


def may_lose(world: "World") -> list[str]:
    """Hosts of which nothing is lost that nobody else knows."""
    handed = world.restores.backup.handed if world.restores.backup else set()
    return [host for host in HOSTS if host not in {one for one, _ in handed} | world.restores.lost]


def _renew(world: "World") -> list[int]:
    living = [one.number for one in world.senders if one.real is not None]
    for number in living:
        world.do_keep(number, False)
    return [number for number in living if world.senders[number].real is not None]

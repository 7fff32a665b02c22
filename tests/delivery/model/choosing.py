"""What may be done next in a world, and how likely each is in a random walk."""

from collections.abc import Iterator

from tashika.delivery import states
from tests.delivery.model import restoring
from tests.delivery.model.sender import ModelSender
from tests.delivery.model.smtp_world import Wire
from tests.delivery.model.world import Action, World

Choice = tuple[Action, float]


def choices(world: World) -> dict[Action, float]:
    """Every action that is possible now, with its weight."""
    found: dict[Action, float] = {}
    for one in world.senders:
        found.update(_of_sender(one, world))
    found.update(_of_people(world))
    found.update(_of_the_dead(world))
    found.update(_of_restores(world))
    found.update(_of_time(world))
    found.update({("set_clock", host, off): 0.1 for host in ("a", "b") for off in (-3600, 3600)})
    return found


def _of_time(world: World) -> Iterator[Choice]:
    left = restoring.AWAITED - (world.at - world.restores.since) if world.restores.awaited else 1000
    for seconds, weight in ((1, 0.5), (6, 0.7), (20, 0.7), (100, 0.3)):
        if seconds <= left:
            yield ("time", seconds), weight
    if world.restores.backup is None:  # nobody sets it between a backup and a restore
        yield ("set_database_clock", -3600), 0.1
        yield ("set_database_clock", 3600), 0.1


def _of_restores(world: World) -> Iterator[Choice]:
    if restoring.may_back_up(world) and not world.restores.awaited:
        yield ("back_up", False), 0.15
        yield ("back_up", True), 0.1
    if restoring.may_put_back(world):
        yield ("put_back", False), 0.5
        yield ("put_back", True), 0.1
    if world.restores.cause or world.restores.lost:
        yield ("arm", ""), 1
        for host in restoring.may_lose(world):
            yield ("arm", host), 0.2


def _of_sender(one: ModelSender, world: World) -> Iterator[Choice]:
    number = one.number
    if one.real is None or one.lane is None:
        yield ("start", number), 4
        if one.standing is None:
            yield ("ask", number), 0.4
        return
    yield ("kill", number, False), 0.5
    if any(operation.turn and operation.turn.waits for operation in one.operations):
        yield ("kill", number, True), 0.7
    if one.frozen:
        yield ("thaw", number), 1
        return
    yield ("freeze", number), 0.5
    yield from _of_its_work(one, world)
    yield from _of_its_operations(one)
    for index, wire in enumerate(one.wires):
        for reply, weight in _replies(wire):
            yield ("server", number, index, reply), weight


def _of_its_work(one: ModelSender, world: World) -> Iterator[Choice]:
    assert one.lane is not None
    number = one.number
    under_way = {operation.name for operation in one.operations}
    if "claim" not in under_way and len(one.lane._waiting) < 2:
        for index, dispatch in enumerate(world.scene.dispatches):
            weight = 3 if world.state.dispatches[dispatch.pk][0] == "sending" else 0.3
            yield ("claim", number, index, False), weight
            yield ("claim", number, index, True), weight / 2
    if "record" not in under_way and one.lane._ended:
        yield ("record", number, False), 2
        yield ("record", number, True), 1
    if one.lane._waiting:
        yield ("tend", number), 1.5
    if not under_way & {"keep", "obey"}:
        yield ("keep", number, False), 1
        yield ("keep", number, True), 0.7
        yield ("obey", number, False), 1.5
        yield ("obey", number, True), 0.7
    if not under_way:
        yield ("finish", number), 0.3
        yield ("end", number), 0.2
    yield ("reconcile", number), 0.7


def _of_its_operations(one: ModelSender) -> Iterator[Choice]:
    for index, operation in enumerate(one.operations):
        if operation.turn is not None and operation.turn.waits:
            yield ("go", one.number, index, True), 3
            yield ("go", one.number, index, False), 0.3


def _replies(wire: Wire) -> Iterator[tuple[str, float]]:
    if wire.awaited:
        yield "yes", 3
        yield "cut", 0.4
        if wire.awaited[0][0] != "RSET":
            yield "no", 0.3
            yield "later", 0.3
        if wire.holds_a_body:
            yield "cut_taken", 0.6


def _of_people(world: World) -> Iterator[Choice]:
    for index, dispatch in enumerate(world.scene.dispatches):
        state = world.state.dispatches[dispatch.pk][0]
        if state in ("sending", "planning"):
            yield ("press", index), 0.7
        if state == "planning":
            yield ("plan", index), 0.7
        if state == "stopped":
            yield ("release", index), 0.7
    for index in range(len(world.stops)):
        yield ("look", index), 2
    yield ("press_all",), 0.2
    if world.state.emergency:
        yield ("release_all",), 1
    for index, contact in enumerate(world.scene.contacts):
        if contact not in world.promises.opted_out:
            yield ("opt_out", index), 0.15


def _of_the_dead(world: World) -> Iterator[Choice]:
    for index in range(len(world.orphans)):
        yield ("orphan", index), 2
    for index in range(len(world.abandoned)):
        yield ("fate", index, True), 1
        yield ("fate", index, False), 0.5
    for host in ("a", "b"):
        if any(one.real is not None and one.host == host for one in world.senders):
            yield ("reboot", host), 0.1


def to_the_end(world: World) -> None:
    """All faults are over: everything goes on until nothing is left to do (G4). Raises Violation."""
    for one in world.senders:
        if one.frozen:
            world.perform(("thaw", one.number))
    while world.orphans:
        world.perform(("orphan", 0))
    while world.abandoned:
        world.perform(("fate", 0, True))
    for _ in range(ROUNDS):
        for one in world.senders:
            _work_off(one, world)
        _people_let_everything_go(world)
        if world.restores.cause:
            world.perform(("arm", ""))
        if all(state == "finished" for state, _ in world.state.dispatches.values()):
            break
        world.perform(("time", 100))
        world.perform(("time", 300))
    for one in world.senders:
        if one.real is None:
            world.perform(("start", one.number))
        if one.real is not None:
            world.perform(("end", one.number))
    world.check_the_end()


def _work_off(one: ModelSender, world: World) -> None:
    """One round of a sender that nothing disturbs."""
    number = one.number
    if one.real is None:
        world.perform(("start", number))
    else:
        _finish_what_is_begun(one, world)
        _do(one, world, ("keep", number, False))
        _do(one, world, ("tend", number))
        _finish_what_is_begun(one, world)
    for index, dispatch in enumerate(world.scene.dispatches):
        if any((row.dispatch, row.state) == (dispatch.pk, states.QUEUED) for row in world.state.rows.values()):
            _do(one, world, ("claim", number, index, False))
    _finish_what_is_begun(one, world)
    if one.lane is not None and one.lane._ended:
        _do(one, world, ("record", number, False))
    _do(one, world, ("finish", number))
    if one.real is None:
        world.perform(("start", number))


def _do(one: ModelSender, world: World, action: Action) -> None:
    if one.real is not None:
        world.perform(action)


def _people_let_everything_go(world: World) -> None:
    for index in reversed(range(len(world.stops))):
        world.perform(("look", index))
    for action in [one for one, _ in _of_people(world) if one[0] in ("plan", "release", "release_all")]:
        world.perform(action)


ROUNDS = 40


def _finish_what_is_begun(one: ModelSender, world: World) -> None:
    for _ in range(100):
        waiting = [index for index, operation in enumerate(one.operations) if operation.turn and operation.turn.waits]
        if waiting:
            world.perform(("go", one.number, waiting[0], True))
            continue
        busy = [index for index, wire in enumerate(one.wires) if wire.awaited]
        if not busy:
            return
        world.perform(("server", one.number, busy[0], "yes"))

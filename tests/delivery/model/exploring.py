"""Random walks by seed, their replay, and the shortest walk that still breaks a guarantee."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tashika.delivery.journal import _files
from tests.delivery.model import choosing
from tests.delivery.model.invariants import Violation
from tests.delivery.model.world import Action, Scene, World

LENGTH = 60  # steps of a walk before the faults are over


@dataclass(frozen=True)
class Found:
    """A walk that breaks a guarantee."""

    guarantee: str
    words: str
    walk: list[Action]


@contextmanager
def a_world(scene: Scene) -> Iterator[World]:
    """A world at its beginning; the product's clocks, folders and connections are the model's while it lasts."""
    scene.admin.put_back("start")
    scene.admin.begin("2026-11-25 09:00+09")
    with TemporaryDirectory(dir=scene.folder, ignore_cleanup_errors=True) as folder:
        scene.walk_folder = Path(folder)
        world = World(scene)
        with (
            patch("tashika.core.clock.now", world.wall_clock),
            patch("tashika.core.clock.time", world),
            patch("tashika.delivery.lanes.time", world),
            patch("tashika.delivery.troubles.time", world),
            patch("tashika.core.config.data_folder", lambda: Path(folder) / "a"),
            patch("tashika.delivery.journal.boot_id", world.boot),
            patch("tashika.delivery.journal._files", _files_of_any_age),
            patch("asyncio.to_thread", _at_once),
            patch("os.fsync"),  # what a machine forgets when it crashes is up to the model
            patch("tashika.delivery.lanes.open_connection", lambda server, carrier: world.open_connection(carrier)),
            patch("tashika.delivery.lanes.CLOSE_WITHIN", -1.0),
            patch("tashika.delivery.reconciling.log.warning"),
            patch("tashika.delivery.sending.ANSWER_WITHIN", -1.0),
            patch("tashika.delivery.sending.Ledger", world.ledger),
        ):
            try:
                yield world
            finally:
                world.close()


def _files_of_any_age(folder: Path, since: datetime | None) -> list[Path]:
    """Journals are as old as the machine's clock says, which knows nothing of the model's."""
    return _files(folder, None)


async def _at_once(work: Callable[..., Any], *values: Any) -> Any:
    """What senders leave to a thread, in the model's own order."""
    return work(*values)


def walk(scene: Scene, seed: int, length: int = LENGTH) -> Found | None:
    """One random walk, and then to the end."""
    chance = random.Random(seed)
    done: list[Action] = []
    with a_world(scene) as world:
        try:
            for _ in range(length):
                possible = choosing.choices(world)
                done.append(chance.choices(list(possible), weights=list(possible.values()))[0])
                world.perform(done[-1])
            choosing.to_the_end(world)
        except Violation as violation:
            return Found(violation.name, str(violation), done)
    return None


def replay(scene: Scene, actions: Sequence[Action]) -> Found | None:
    """The same actions again, as far as each is possible, and then to the end."""
    done: list[Action] = []
    with a_world(scene) as world:
        try:
            for action in actions:
                if action in choosing.choices(world):
                    done.append(action)
                    world.perform(action)
            choosing.to_the_end(world)
        except Violation as violation:
            return Found(violation.name, str(violation), done)
    return None


def shortest(scene: Scene, found: Found, tries: int = 200) -> Found:
    """Take out of a walk whatever it does not need."""
    size = max(1, len(found.walk) // 2)
    while size and tries:
        at, smaller = 0, False
        while at < len(found.walk) and tries:
            tries -= 1
            again = replay(scene, found.walk[:at] + found.walk[at + size :])
            if again and again.guarantee == found.guarantee and len(again.walk) < len(found.walk):
                found, smaller = again, True
            else:
                at += size
        size = size if smaller and size == 1 else size // 2
    return found


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop that all senders of the model share."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop

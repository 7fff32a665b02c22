"""The model check finds what breaks when a guard is taken out of the SQL or of the senders; with all guards in, the same
steps break nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.model import exploring
from tests.delivery.model.guards import GUARDS
from tests.delivery.model.scene import a_scene
from tests.delivery.model.world import Scene


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


def test_without_a_guard_the_model_finds_what_breaks(scene: Scene) -> None:
    found = {}
    for guard in GUARDS:
        with guard.out(scene.admin):
            found[guard.name] = exploring.replay(scene, guard.walk)
    seen = {name: one and one.guarantee for name, one in found.items()}
    assert seen == {guard.name: guard.breaks for guard in GUARDS}


def test_with_all_guards_the_same_steps_break_nothing(scene: Scene) -> None:
    for walk in dict.fromkeys(guard.walk for guard in GUARDS):
        assert exploring.replay(scene, walk) is None, walk

"""`python -m tests.delivery.take_out_guards [--search SECONDS] [--only WORDS]`: take out each guard of the delivery protocol
and print what then breaks and in how many steps. With `--search` random walks look for it, and the shortest is printed;
without, the steps that are on record are done again. Ends with 1 where nothing was found."""

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.delivery.model.exploring import Found
    from tests.delivery.model.taking_out import Guard
    from tests.delivery.model.world import Scene


def main() -> int:
    """The table, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--search", type=float, default=0.0, metavar="SECONDS", help="random walks, for each guard")
    parser.add_argument("--only", default="", metavar="WORDS", help="guards whose name has these words")
    arguments = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    from tests.delivery.model.guards import GUARDS
    from tests.delivery.model.scene import a_scene

    connection.creation.create_test_db(verbosity=0)
    print("| guard taken out | what breaks | steps |\n|---|---|---|")
    missed = 0
    with TemporaryDirectory() as folder, a_scene(Path(folder)) as scene:
        for guard in GUARDS:
            if arguments.only in guard.name:
                found = _look(scene, guard, arguments.search)
                missed += found is None
                print(f"| {guard.name} | {_words(found)} |", flush=True)
    return 1 if missed else 0


def _look(scene: "Scene", guard: "Guard", seconds: float) -> "Found | None":
    from tests.delivery.model import exploring

    with guard.out(scene.admin):
        if not seconds:
            return exploring.replay(scene, guard.walk)
        ends, seed = time.monotonic() + seconds, 1
        while time.monotonic() < ends:
            if found := exploring.walk(scene, seed):
                return exploring.shortest(scene, found)
            seed += 1
    return None


def _words(found: "Found | None") -> str:
    if found is None:
        return "nothing was found | –"
    steps = " · ".join(" ".join(str(value) for value in action) for action in found.walk)
    return f"{found.words} | {len(found.walk)}: {steps}"


if __name__ == "__main__":
    sys.exit(main())

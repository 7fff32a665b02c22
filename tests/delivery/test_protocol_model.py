"""The delivery protocol holds under every order of faults that random walks over the real SQL come upon (G1–G5, G8)."""

import os
import time
from pathlib import Path

from tests.delivery.model import exploring
from tests.delivery.model.scene import a_scene

SECONDS = float(os.environ.get("TASHIKA_MODEL_SECONDS", "25"))
SEED = int(os.environ.get("TASHIKA_MODEL_SEED", "1"))


def test_no_order_of_faults_breaks_a_guarantee(transactional_db: None, tmp_path: Path) -> None:
    with a_scene(tmp_path) as scene:
        ends = time.monotonic() + SECONDS
        seed = SEED
        while time.monotonic() < ends:
            found = exploring.walk(scene, seed)
            if found:
                short = exploring.shortest(scene, found)
                steps = "\n".join(f"  {action}" for action in short.walk)
                raise AssertionError(f"seed {seed}: {short.words}\n{steps}")
            seed += 1
        print(f"{seed - SEED} walks")

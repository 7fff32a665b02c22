"""A worker of flows whose clock is a file: time can be driven, the process killed. Used by `bench.flow_kills`."""

import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation


def main() -> None:
    """Advance all flows to the moment in the file, over and over."""
    folder, clock = sys.argv[1:]
    installation.attach(folder)
    from tashika.scenarios.flow import stepping

    print("ready", flush=True)
    while True:
        now = datetime.fromisoformat(Path(clock).read_text())
        if not stepping.advance(now=now):
            time.sleep(0.02)


if __name__ == "__main__":
    main()

"""Rounds of chaos, each checked against the SMTP server's own record.

    ./tashika bench chaos [--quick] [--rounds N] [--minutes M] [--seed S] [--fault WORDS] [--json]   (as root for all faults)

Each round is a broadcast to some dozens of people over a real installation, with one fault drawn at random; often
somebody unpublishes meanwhile and later publishes again. Afterwards G1 to G5 and G13 must hold. The last line is one JSON
object; the status is 1 where anything was violated or nothing could be run. --quick ends within 50 s; a round is repeated by its seed.
"""

import argparse
import json
import random
import signal
import sys
import time
from typing import Any

from bench.chaos.house import House

QUICK = 44.0  # seconds for everything


def say(words: str) -> None:
    """Progress, at once."""
    print(words, flush=True)


def main() -> int:
    """Runs and prints; 1 where anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="as many rounds as fit into 50 s")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=0.0, help="no round begins that would end later")
    parser.add_argument("--seed", default="", help="draws the same again (default: drawn anew)")
    parser.add_argument("--fault", default="", metavar="WORDS", help="only faults whose name has these words")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    arguments = parser.parse_args()
    figures = run(
        seed=arguments.seed or f"{random.SystemRandom().randrange(2**32):08x}",
        rounds=arguments.rounds,
        words=arguments.fault,
        ends_at=time.monotonic() + (QUICK if arguments.quick else 60 * arguments.minutes or float("inf")),
    )
    print(json.dumps(figures, ensure_ascii=False))
    return 1 if figures["violations"] or not figures["rounds"] else 0


def run(*, seed: str, rounds: int, words: str, ends_at: float) -> dict[str, Any]:
    """Install, run the rounds, clear away."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is set up is cleared away
    house = House()
    try:
        house.start()
        say(f"installed and running after {time.monotonic() - began:.1f} s; seed {seed}")
        from bench.chaos.running import Chaos  # it needs Django

        return Chaos(house=house, seed=seed, words=words, ends_at=ends_at, say=say).run(rounds)
    finally:
        house.end()


if __name__ == "__main__":
    sys.exit(main())

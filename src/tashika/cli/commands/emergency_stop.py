"""`tashika emergency-stop`."""

import argparse

HELP = "stop all sending, or release the stop"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--release", action="store_true")
    parser.add_argument("--reason", default="")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Stop or release. Status 4 where a sender stayed silent."""
    from tashika.cli import acting
    from tashika.core import clock
    from tashika.delivery import stopping

    now = clock.now()
    if arguments.release:
        stopping.release_emergency_stop(by=acting.person(), now=now)
        acting.show({"emergency_stop": None}, as_json=arguments.json)
        return 0
    answer = stopping.emergency_stop(by=acting.actor(), reason=arguments.reason, now=now)
    values = {"emergency_stop": answer.pressed_at, "certain": answer.certain, "silent": ", ".join(answer.silent)}
    acting.show(values, as_json=arguments.json)
    return 0 if answer.certain else 4

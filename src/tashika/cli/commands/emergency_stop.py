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

    by, now = acting.person(), clock.now()
    if arguments.release:
        stopping.release_emergency_stop(by=by, now=now)
        acting.show({"emergency_stop": None}, as_json=arguments.json)
        return 0
    answer = stopping.emergency_stop(by=by, reason=arguments.reason, now=now)
    acting.show({"emergency_stop": answer.pressed_at, "certain": answer.certain}, as_json=arguments.json)
    return 0 if answer.certain else 4

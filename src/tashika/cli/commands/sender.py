"""`tashika sender`: the process that sends mail."""

import argparse

HELP = "send what is due (run as many as you like, on any host)"


def configure(parser: argparse.ArgumentParser) -> None:
    """No options: relays and pace are set in the interface."""


def run(arguments: argparse.Namespace) -> int:
    """Send until SIGTERM or SIGINT."""
    from tashika.core import logs
    from tashika.delivery import sending

    logs.begin("sender")
    sending.run_forever()
    return 0

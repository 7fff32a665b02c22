"""`tashika catcher`: the practice-mode mail catcher (G11)."""

import argparse

HELP = "catch practice-mode mail on the loopback"


def configure(parser: argparse.ArgumentParser) -> None:
    """No options: the port is the setting practice_port."""


def run(arguments: argparse.Namespace) -> int:
    """Catch until SIGTERM or SIGINT."""
    from tashika.core import logs, processes
    from tashika.delivery import catching

    logs.begin("catcher")
    processes.begin("catcher")
    catching.run_forever()
    return 0

"""`tashika demo-data`: the invented company, and a fresh password for its administrator."""

import argparse

HELP = "fill an empty database with the invented company (done by `up --demo`)"


def configure(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:
    """Make what is missing and print the login."""
    from tashika.cli import demo
    from tashika.core import clock

    email, password = demo.prepare(now=clock.now())
    print(f"\n  demo login / デモのログイン: {email}   {password}\n", flush=True)
    return 0

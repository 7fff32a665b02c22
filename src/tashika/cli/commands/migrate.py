"""`tashika migrate`: bring the database's tables to this version."""

import argparse

HELP = "bring the database's tables to this version"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--quiet", action="store_true", help="print nothing")


def run(arguments: argparse.Namespace) -> int:
    """Apply what is missing; safe to run again."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0 if arguments.quiet else 1)
    return 0

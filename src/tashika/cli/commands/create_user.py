"""`tashika create-user`: add one of our own people."""

import argparse
import getpass
import json
import sys

HELP = "add a person of our own (viewer, editor, publisher, administrator)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("email")
    parser.add_argument("--name", default="")
    parser.add_argument("--role", default="viewer", choices=["viewer", "editor", "publisher", "administrator"])
    parser.add_argument("--json", action="store_true", help="print the person as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Ask for the password (or read it from standard input, never from the command line) and create the person."""
    from tashika.accounts import users
    from tashika.core import clock
    from tashika.core.actors import SYSTEM

    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    user = users.create(
        email=arguments.email,
        name=arguments.name or arguments.email.partition("@")[0],
        password=password,
        role=arguments.role,
        by=SYSTEM,
        now=clock.now(),
    )
    print(json.dumps({"id": user.pk, "email": user.email, "role": user.role}) if arguments.json else user.email)
    return 0

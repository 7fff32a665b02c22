"""`tashika web`: the interface, the API and the recipients' pages."""

import argparse
import os

from tashika.core import config, logs

HELP = "serve the interface, the API and recipients' pages"
NEEDS_DJANGO = False


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default=None, help="address to listen on (setting host)")
    parser.add_argument("--port", type=int, default=None, help="port to listen on (setting port)")
    parser.add_argument("--workers", type=int, default=1, help="processes that answer (default 1)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    from granian.constants import Interfaces
    from granian.server import Server

    logs.begin("web")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tashika.core.settings")
    Server(
        "tashika.web.serving:application",
        address=arguments.host or config.get("host"),
        port=arguments.port or config.get_int("port"),
        interface=Interfaces.ASGINL,
        workers=arguments.workers,
        websockets=False,
        log_access=False,
        workers_kill_timeout=3,
        log_dictconfig=logs.configuration(),
    ).serve()
    return 0

"""`tashika worker`: background jobs, and starting what has fallen due."""

import argparse
import asyncio
import logging
import threading

HELP = "run background jobs (as many as you like, on any host)"
_EVERY = 1.0  # seconds between two looks for scheduled broadcasts
_LONGEST_PAUSE = 15.0

logger = logging.getLogger("tashika.worker")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--concurrency", type=int, default=4, help="jobs at a time (default 4)")


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT."""
    from procrastinate.contrib.django import app

    ending = threading.Event()
    thread = threading.Thread(target=_start_what_is_due, args=[ending], name="starting", daemon=True)
    thread.start()
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    asyncio.run(_work(worker_app, arguments.concurrency))
    ending.set()
    thread.join(timeout=5)
    return 0


async def _work(worker_app: object, concurrency: int) -> None:
    async with worker_app.open_async():  # type: ignore[attr-defined]
        await worker_app.run_worker_async(concurrency=concurrency)  # type: ignore[attr-defined]


def _start_what_is_due(ending: threading.Event) -> None:
    """Look every second for broadcasts whose time has come; an error is logged and tried again with longer pauses."""
    from django.db import close_old_connections

    from tashika.core import clock

    pause = _EVERY
    while not ending.wait(pause):
        try:
            from tashika.scenarios import starting

            starting.start_due(now=clock.now())
            pause = _EVERY
        except Exception:
            logger.exception("scheduled broadcasts could not be looked at")
            pause = min(pause * 2, _LONGEST_PAUSE)
            close_old_connections()

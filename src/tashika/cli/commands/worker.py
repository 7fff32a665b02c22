"""`tashika worker`: background jobs; scheduled broadcasts and stalled jobs are periodic ones among them."""

import argparse
import asyncio

HELP = "run background jobs (as many as you like, on any host)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--concurrency", type=int, default=4, help="jobs at a time (default 4)")


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. It ends, with 0, when the database restarts: its starter starts it again."""
    from procrastinate.contrib.django import app

    from tashika.core import jobs, logs, processes

    logs.begin("worker")
    processes.begin("worker", says=jobs.says)
    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]
        asyncio.run(_work(worker_app, arguments.concurrency))
    return 0


async def _work(worker_app: object, concurrency: int) -> None:
    from tashika.core import jobs

    async with worker_app.open_async():  # type: ignore[attr-defined]
        await worker_app.run_worker_async(concurrency=concurrency, worker_middleware=[jobs.watched])  # type: ignore[attr-defined]

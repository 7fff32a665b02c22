"""Background jobs as the worker sees them: each in hand is known, counted, timed, and named on its log lines."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import JobContext

from tashika.core import logs, processes

_in_hand: dict[int, dict[str, Any]] = {}


async def watched(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: object) -> Any:
    """Wraps every job (a worker middleware of procrastinate's)."""
    job, task, begun = int(context.job.id or 0), context.job.task_name, time.time()
    _in_hand[job] = {"job": job, "task": task, "since": begun, "of": _whole_numbers(context.job.task_kwargs)}
    outcome = "failed"
    try:
        with logs.within(job=job, task=task):
            result = await call_next()
        outcome = "succeeded"
        return result
    except asyncio.CancelledError:
        outcome = "aborted"
        raise
    finally:
        del _in_hand[job]
        processes.counts.add("jobs", task, outcome)
        processes.counts.add("job_seconds", task, by=time.time() - begun)


def says() -> dict[str, Any]:
    """What this worker has in hand."""
    return {"jobs": list(_in_hand.values())}


def _whole_numbers(arguments: Any) -> dict[str, int]:
    """The ids among a job's arguments: nothing else of them is anybody's business."""
    return {name: value for name, value in arguments.items() if isinstance(value, int) and name.endswith("_id")}

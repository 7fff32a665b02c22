"""Background jobs that look after background jobs."""

import logging

from procrastinate.contrib.django import app

logger = logging.getLogger(__name__)


@app.periodic(cron="*/30 * * * * *")
@app.task(queueing_lock="requeue_stalled", pass_context=False)
async def requeue_stalled(timestamp: int) -> None:
    """Take up again the jobs of workers that are gone (no heartbeat for 30 s): they would stay `doing` for ever."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=30):
        logger.warning("job %s of a lost worker is queued again", job.id)
        await manager.retry_job(job)

"""Background upkeep."""

from procrastinate.contrib.django import app


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="core.retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """A killed worker leaves its job `doing` for ever and its lock blocks the rest: give such jobs back."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=30):
        await app.job_manager.retry_job(job)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="core.forget_old_jobs")
async def forget_old_jobs(timestamp: int) -> None:
    """Finished jobs are kept for a day."""
    await app.job_manager.delete_old_jobs(nb_hours=24, include_failed=False)

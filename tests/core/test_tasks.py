"""A job of a lost worker is taken up again."""

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from tashika.core import tasks


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_lost_worker_waits_to_be_done_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
            "VALUES ('default', 'a.task', 'doing', %s) RETURNING id",
            [worker],
        )
        (job,) = cursor.fetchone()
    async_to_sync(tasks.retry_stalled.func)(timestamp=0)
    assert app.job_manager.get_job_status(job).value == "todo"

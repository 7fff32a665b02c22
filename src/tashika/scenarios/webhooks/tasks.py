"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.core import clock
from tashika.scenarios.webhooks import sending


@app.periodic(cron="* * * * * *")
@app.task(queueing_lock="webhooks.send_due", pass_context=False)
def send_webhooks(timestamp: int) -> None:
    """Every second."""
    sending.send_due(now=clock.now())

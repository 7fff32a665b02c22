"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.core import clock
from tashika.scenarios import starting
from tashika.scenarios.flow import stepping


@app.periodic(cron="* * * * * *")
@app.task(queueing_lock="scenarios.start_due", pass_context=False)
def start_due(timestamp: int) -> None:
    """Every second."""
    starting.start_due(now=clock.now())


@app.periodic(cron="* * * * * *")
@app.task(queueing_lock="scenarios.advance", pass_context=False)
def advance(timestamp: int) -> None:
    """Every second."""
    stepping.advance(now=clock.now())

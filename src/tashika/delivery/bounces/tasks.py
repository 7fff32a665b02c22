"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.core import clock
from tashika.delivery.arming import deciding
from tashika.delivery.bounces import mailbox, settling, taking


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="bounces.poll", lock="bounces.poll")
def poll(timestamp: int) -> None:
    """Fetch what has come into the mailbox; not while no sender may work: a copy must not take away what is the
    original's (G13)."""
    if deciding.situation(now=clock.now()).sending:
        mailbox.poll(now=clock.now())


@app.task(queueing_lock="bounces.read", lock="bounces.read")
def read() -> None:
    """A mail server's pipe has kept something."""
    taking.read_what_is_unread(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="bounces.catch_up")
def catch_up(timestamp: int) -> None:
    """What a crash left behind: reports kept and not read, rows that became doubtful after their evidence came."""
    taking.read_what_is_unread(now=clock.now())
    settling.settle(None, now=clock.now())

"""Background entry points."""

from procrastinate.contrib.django import app

from tashika.core import clock
from tashika.delivery.evidence import looking
from tashika.delivery.models import SendingDomain
from tashika.delivery.sender_check import checking


@app.task
def check_sender(domain_id: int) -> None:
    """A person asked."""
    checking.check(domain=SendingDomain.objects.get(pk=domain_id), now=clock.now())


@app.periodic(cron="40 20 * * *")
@app.task(queueing_lock="delivery.check_senders")
def check_senders(timestamp: int) -> None:
    """Every day, so that a record that was lost shows."""
    for domain in SendingDomain.objects.filter(archived_at=None):
        checking.check(domain=domain, now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="delivery.look_for_evidence", lock="delivery.look_for_evidence")
def look_for_evidence(timestamp: int) -> None:
    """Postfix's log and queue are asked about mails in doubt."""
    looking.look(now=clock.now())

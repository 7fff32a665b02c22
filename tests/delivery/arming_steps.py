"""What tests of arming do over and over: wait with patience, look where the installation stands, be the person who arms."""

import time
from functools import partial

from tashika.accounts import users
from tashika.accounts.models import User
from tashika.core import clock
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.delivery.arming import deciding
from tashika.delivery.arming.deciding import Situation
from tests.delivery import conftest
from tests.fakes.smtp_server import SmtpServer

PATIENCE = 180  # seconds; several PostgreSQL start, stop and are copied, perhaps on a busy machine
wait_until = partial(conftest.wait_until, seconds=PATIENCE)
wait_until_finished = partial(conftest.wait_until_finished, seconds=PATIENCE)
QUIET = 2.5  # seconds in which an armed sender would have sent a lot


def boss() -> User:
    """Who may arm."""
    found = User.objects.filter(role="publisher").first()
    return found or users.create(
        email="boss@staff.example.jp",
        name="責任者",
        password="correct horse 7",
        role="publisher",
        by=SYSTEM,
        now=clock.now(),
    )


def here() -> Situation:
    return deciding.situation(now=clock.now())


def wait_until_compared() -> Situation:
    """Until a sender has found out and every journal of this host is compared."""
    wait_until(lambda: not here().is_fine and any(host.compared_at and host.here for host in here().hosts))
    return here()


def stay_quiet(server: SmtpServer, seconds: float = QUIET) -> None:
    """Nothing leaves for a while."""
    before = len(server.begun)
    time.sleep(seconds)
    assert len(server.begun) == before


def codes() -> set[str]:
    """Why nothing leaves, as the audit trail has it."""
    return {code for entry in AuditEntry.objects.filter(verb="disarm") for code in entry.detail["why"]}

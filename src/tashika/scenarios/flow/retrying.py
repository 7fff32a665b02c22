"""People for whom a step could not be done are tried again, by a person's word."""

from datetime import datetime

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.contents.models import Content
from tashika.core import audit
from tashika.scenarios.models import Enrolment


def retry(*, scenario: Content, node: str, by: User, now: datetime) -> int:
    """Those who failed at a node stand before it again; how many. Raises NotAllowed."""
    require(by.role, "publish")
    with transaction.atomic():
        failed = Enrolment.objects.filter(scenario=scenario, node=node, state=Enrolment.State.FAILED)
        number = failed.update(state=Enrolment.State.WALKING, why="", due_at=now)
        detail = {"node": node, "people": number}
        audit.record(actor=actor_of(by), verb="retry_failed", subject=scenario.public_id, now=now, detail=detail)
    return number

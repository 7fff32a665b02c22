"""A person's ways through a flow."""

from dataclasses import dataclass
from datetime import datetime

from tashika.contents.models import Content
from tashika.scenarios.models import Enrolment, Visit


@dataclass(frozen=True, slots=True)
class Step:
    """A node left behind: by which branch, with what outcome (`sent`, `skipped`, `capped` …), and when."""

    node: str
    branch: str
    outcome: str
    arrived_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Way:
    """One round of a person through a flow: where they are (or ended, and why), and every step so far."""

    round: int
    state: str
    node: str
    why: str
    entered_at: datetime
    due_at: datetime
    steps: list[Step]


def of(scenario: Content, contact_id: int) -> list[Way]:
    """All ways of a contact through a scenario, the first first."""
    found = Enrolment.objects.filter(scenario=scenario, contact_id=contact_id).order_by("round")
    return [
        Way(one.round, one.state, one.node, one.why, one.entered_at, one.due_at, _steps(int(one.pk))) for one in found
    ]


def _steps(enrolment: int) -> list[Step]:
    visits = Visit.objects.filter(enrolment_id=enrolment).order_by("step")
    return [Step(one.node, one.branch, one.outcome, one.arrived_at, one.at) for one in visits]

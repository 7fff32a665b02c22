"""Look at a flow before it is published: what is wrong with it and with what it uses, who would enter at once, and what
publishing it again has to decide upon."""

from dataclasses import dataclass
from datetime import datetime

from tashika.audiences import matching
from tashika.contents.models import Content, Kind
from tashika.contents.queries import by_public_id
from tashika.core.text import Text, t
from tashika.mails import drafting
from tashika.scenarios.flow import billing, nodes, reading, resuming
from tashika.scenarios.flow.nodes import Flow
from tashika.scenarios.flow.reading import Problem
from tashika.scenarios.flow.resuming import Situation
from tashika.scenarios.publishing import Clearance


@dataclass(frozen=True, slots=True)
class FlowReview:
    """What a person looks at. `entering` is None where people enter by what they do, not by being in a segment."""

    problems: list[Problem]
    entering: int | None
    situation: Situation
    contents: list[Content]
    clearance: Clearance

    @property
    def blocked(self) -> bool:
        """Whether it can't be published as it is."""
        return any(one.severity == "error" for one in self.problems)


def review(*, scenario: Content, now: datetime) -> FlowReview:
    """Look at a flow as it stands. Raises UnableToReadFlow for a draft that is none."""
    problems = reading.problems(scenario.draft)
    if any(one.severity == "error" for one in problems):
        return FlowReview(problems, None, Situation(), [], Clearance(b"", 0))
    flow, contents = reading.of(scenario.draft), billing.pinned(scenario)
    problems += [found for one in contents if one.kind == Kind.MAIL for found in _of_mail(one, flow)]
    entering = _entering(flow)
    clearance = Clearance(billing.bill_hash(scenario), entering or 0)
    return FlowReview(problems, entering, resuming.situation(scenario, now=now), contents, clearance)


def _of_mail(mail: Content, flow: Flow) -> list[Problem]:
    """The problems of a mail, at the first node that sends it."""
    node = next((one.id for one in flow.nodes.values() if one["mail"] == mail.public_id), "")
    return [
        Problem(
            node,
            "mail",
            t("{id} {where}：{what}", "{id} {where}: {what}", id=mail.public_id, where=found.where, what=found.what),
            found.fix if isinstance(found.fix, Text) else t(found.fix, found.fix),
            found.severity,
        )
        for found in drafting.problems(mail.draft)
    ]


def _entering(flow: Flow) -> int | None:
    entry = flow.entry
    if entry is None or entry.kind != nodes.ENTRY or entry["on"] not in ("segment_at", "every"):
        return None
    segment = by_public_id(str(entry["segment"]))
    return matching.count(segment.draft, segment.pk)

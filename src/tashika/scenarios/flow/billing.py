"""The bill of materials of a flow: every content that it names, as it stands."""

from typing import Any

from tashika.audiences import static_lists
from tashika.contents import versions
from tashika.contents.models import Content, Kind
from tashika.delivery import planning
from tashika.scenarios.flow import reading


def pinned(scenario: Content) -> list[Content]:
    """What is pinned with the scenario's draft: all that it names but other scenarios, which run by publications of their
    own. Raises UnableToReadFlow, NotFound."""
    return [one for one in reading.used(reading.of(scenario.draft)) if one.kind != Kind.SCENARIO]


def bill_hash(scenario: Content) -> bytes:
    """The hash of all that was looked at; any edit of it makes another one."""
    contents = [scenario, *pinned(scenario)]
    parts: dict[str, Any] = {one.public_id: versions.body_hash(one.name, one.draft, []).hex() for one in contents}
    parts["members"] = [static_lists.fingerprint(one) for one in contents if one.kind == Kind.SEGMENT]
    parts["organisation"] = planning.organisation_values()
    return versions.body_hash("bill", parts, [])

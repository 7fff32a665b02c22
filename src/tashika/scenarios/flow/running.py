"""A flow that runs: its publication, locked against being unpublished, and the versions it was published with."""

from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from tashika.contents.models import Use, Version
from tashika.delivery import stopping
from tashika.scenarios.flow import reading
from tashika.scenarios.flow.nodes import Flow
from tashika.scenarios.models import Publication

State = Publication.State


@dataclass(frozen=True, slots=True)
class Running:
    """A publication of a flow. `versions` are those of the contents that it names, by ID."""

    publication: Publication
    flow: Flow
    versions: dict[str, Version]

    @property
    def scenario(self) -> int:
        return int(self.publication.scenario_id)


def all_running() -> list[int]:
    """The publications of flows that run, the newest first: a large one that began long ago makes nobody wait."""
    running = Publication.objects.filter(state=State.RUNNING, scenario_version__body__type="flow")
    return list(running.order_by("-pk").values_list("pk", flat=True))


def locked(publication_id: int, *, alone: bool = False) -> Running | None:
    """A running flow, which can't be unpublished until the caller's transaction ends: whoever unpublishes waits for the
    sets that are under way, and after the answer none begins (G3). None where it does not run, or where somebody has it
    alone. `alone`: no set of it is under way meanwhile; such as there is is waited for."""
    assert connection.in_atomic_block
    how = "FOR UPDATE" if alone else "FOR SHARE SKIP LOCKED"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT state FROM scenarios_publication WHERE id = %s {how}", [publication_id])
        row = cursor.fetchone()
    return of(Publication.objects.get(pk=publication_id)) if row and row[0] == State.RUNNING and _may_go_on() else None


def unlocked(publication_id: int) -> Running | None:
    """The same for work that takes long: it may be unpublished meanwhile, and `still_runs` is asked at the end."""
    publication = Publication.objects.filter(pk=publication_id, state=State.RUNNING).first()
    return of(publication) if publication and _may_go_on() else None


def still_runs(publication_id: int) -> bool:
    """Whether it was not unpublished meanwhile; from here until the caller's transaction ends it can't be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM scenarios_publication WHERE id = %s FOR SHARE", [publication_id])
        row = cursor.fetchone()
    return bool(row and row[0] == State.RUNNING)


def _may_go_on() -> bool:
    return stopping.current_emergency_stop() is None


def of(publication: Publication) -> Running:
    """A publication of a flow."""
    flow, versions = _pinned(int(publication.scenario_version_id))
    return Running(publication, flow, versions)


@lru_cache(maxsize=64)
def _pinned(scenario_version: int) -> tuple[Flow, dict[str, Version]]:
    version = Version.objects.get(pk=scenario_version)
    uses = Use.objects.filter(user_version=version).select_related("used_version__content")
    versions = {use.used_version.content.public_id: use.used_version for use in uses}
    return reading.of(version.body), versions

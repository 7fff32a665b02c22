"""非公開 of a flow: no mail, tag, notification or webhook of it happens once the answer is there (G3)."""

from collections import Counter
from datetime import datetime

from tashika.core.actors import Actor
from tashika.delivery import stopping
from tashika.delivery.models import Dispatch, Stop
from tashika.delivery.stopping import StopAnswer
from tashika.scenarios.flow import watching
from tashika.scenarios.models import NodeDispatch, Publication
from tashika.scenarios.webhooks import stopping as webhooks
from tashika.scenarios.webhooks.models import Fence


def forewarn(publication: Publication) -> None:
    """Senders hold what is about to be stopped."""
    for dispatch in _going(publication):
        stopping.forewarn(dispatch)


def press(publication: Publication, *, by: Actor, now: datetime, reason: str) -> list[Stop]:
    """In the caller's transaction, which holds the publication: no set of people is under way. One stop for each dispatch
    that still sends; then the webhooks, of earlier publications too where they still wait."""
    watching.end(int(publication.pk))
    stops = [stopping.press(dispatch_id=one, by=by, now=now, reason=reason) for one in _going(publication)]
    for one in webhooks_of(publication):
        webhooks.press(publication_id=one, by=by, now=now)
    return stops


def await_answers(publication: Publication, stops: list[Stop], *, now: datetime) -> StopAnswer | None:
    """Wait until all of them are true; their figures are added up. A webhook whose request is still under way is named
    among the silent. None where nothing was sending."""
    under_way = [one for pk in webhooks_of(publication) for one in webhooks.await_answer(publication_id=pk).under_way]
    if not stops and not under_way:
        return None
    answers = [stopping.await_answers(one) for one in stops]
    silent = {name for one in answers for name in one.silent} | {f"webhook {one}" for one in under_way}
    figures: Counter[str] = Counter()
    for answer in answers:
        figures.update(answer.figures)
    return StopAnswer(
        stop_id=answers[-1].stop_id if answers else 0,
        pressed_at=now,
        answered_at=max((one.answered_at for one in answers), default=now),
        certain=not silent,
        silent=sorted(silent),
        last_begun_at=max((one.last_begun_at for one in answers if one.last_begun_at), default=None),
        figures=dict(figures),
    )


def webhooks_of(publication: Publication) -> list[int]:
    """The publications of this scenario that have queued webhooks."""
    own = list(Publication.objects.filter(scenario_id=publication.scenario_id).values_list("pk", flat=True))
    return list(Fence.objects.filter(publication_id__in=own).order_by("pk").values_list("pk", flat=True))


def dispatches_of(scenario: int, *states: str) -> list[int]:
    """The dispatches of a flow's nodes that are in one of these states."""
    keys = NodeDispatch.objects.filter(scenario_id=scenario).values_list("dispatch_id", flat=True)
    found = Dispatch.objects.filter(pk__in=list(keys), state__in=states)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _going(publication: Publication) -> list[int]:
    return dispatches_of(int(publication.scenario_id), Dispatch.State.SENDING, Dispatch.State.PLANNING)

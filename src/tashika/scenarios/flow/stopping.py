"""非公開 of a flow: no mail, tag, notification or webhook of it happens once the answer is there (G3)."""

from datetime import datetime

from tashika.core.actors import Actor
from tashika.delivery import stopping
from tashika.delivery.models import Dispatch, Stop
from tashika.delivery.stopping import StopAnswer
from tashika.scenarios.flow import watching
from tashika.scenarios.models import NodeDispatch, Publication


def forewarn(publication: Publication) -> None:
    """Senders hold what is about to be stopped."""
    for dispatch in _going(publication):
        stopping.forewarn(dispatch)


def press(publication: Publication, *, by: Actor, now: datetime, reason: str) -> list[Stop]:
    """In the caller's transaction, which holds the publication: no set of people is under way. One stop for each dispatch
    that still sends."""
    watching.end(int(publication.pk))
    return [stopping.press(dispatch_id=one, by=by, now=now, reason=reason) for one in _going(publication)]


def await_answers(stops: list[Stop]) -> StopAnswer | None:
    """Wait until all of them are true; their figures are added up. None where nothing was sending."""
    if not stops:
        return None
    answers = [stopping.await_answers(one) for one in stops]
    begun = [one.last_begun_at for one in answers if one.last_begun_at]
    figures: dict[str, int] = {}
    for answer in answers:
        for state, number in answer.figures.items():
            figures[state] = figures.get(state, 0) + number
    return StopAnswer(
        stop_id=answers[-1].stop_id,
        pressed_at=min(one.pressed_at for one in answers),
        answered_at=max(one.answered_at for one in answers),
        certain=all(one.certain for one in answers),
        silent=sorted({name for one in answers for name in one.silent}),
        last_begun_at=max(begun) if begun else None,
        figures=figures,
    )


def _going(publication: Publication) -> list[int]:
    keys = NodeDispatch.objects.filter(scenario_id=publication.scenario_id).values_list("dispatch_id", flat=True)
    going = Dispatch.objects.filter(pk__in=list(keys), state__in=[Dispatch.State.SENDING, Dispatch.State.PLANNING])
    return list(going.order_by("pk").values_list("pk", flat=True))

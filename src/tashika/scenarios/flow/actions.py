"""What actions do to a set of contacts, in the transaction that moves them on."""

from collections.abc import Sequence

from django.db import connection

from tashika.contents.models import Content
from tashika.contents.queries import by_public_id
from tashika.core.actors import SYSTEM
from tashika.delivery import planning
from tashika.delivery.models import Dispatch, Relay
from tashika.people import consent, setting, sources, tagging
from tashika.people.models import Contact, Source
from tashika.scenarios.flow import entering, running
from tashika.scenarios.flow.batch import Batch
from tashika.scenarios.models import Enrolment, NodeDispatch, Publication
from tashika.scenarios.webhooks import queuing


def mail(batch: Batch, contacts: Sequence[int], number: int) -> bool:
    """Hand the mail down: rows of the node's dispatch. False where that dispatch is stopped: they wait here."""
    dispatch = _dispatch(batch, number)
    added = planning.add(dispatch=dispatch, audience=_set_of(contacts), now=batch.now)
    return added is not None


def notify(batch: Batch, contacts: Sequence[int], number: int) -> bool:
    """Hand the notices down: one to each of our people concerned about each contact. False where that dispatch is
    stopped."""
    dispatch = _dispatch(batch, number, to_staff=True)
    to = batch.node["to"]
    if to.get("owner"):
        pairs = "SELECT c.id, c.owner_id FROM people_contact c WHERE c.id = ANY (%s) AND c.owner_id IS NOT NULL"
        values: list[object] = [list(contacts)]
    else:
        pairs = (
            "SELECT c.id, u.id FROM people_contact c CROSS JOIN unnest(%s::bigint[]) AS u (id) WHERE c.id = ANY (%s)"
        )
        values = [to["users"], list(contacts)]
    return planning.notify(dispatch=dispatch, pairs=(pairs, values), now=batch.now) is not None


def tag(batch: Batch) -> None:
    """Put tags on and take tags off."""
    source = _source(batch)
    for name in batch.node["add"] or []:
        tagging.put(
            tag=tagging.of_name(name, now=batch.now), contacts=_set_of(batch.contacts), source=source, now=batch.now
        )
    for name in batch.node["remove"] or []:
        tagging.remove(
            tag=tagging.of_name(name, now=batch.now), contacts=_set_of(batch.contacts), source=source, now=batch.now
        )


def field(batch: Batch) -> None:
    """Set a field."""
    name, value = str(batch.node["field"]), str(batch.node["value"])
    setting.set_field(name=name, value=value, contact_ids=batch.contacts, source=_source(batch), now=batch.now)


def score(batch: Batch) -> None:
    """Add to the score, give a rank."""
    add, rank = int(batch.node["add"] or 0), batch.node["rank"] or None
    setting.add_score(add=add, rank=rank, contact_ids=batch.contacts, source=_source(batch), now=batch.now)


def static_list(batch: Batch) -> None:
    """Put on a static list, or take off one."""
    with connection.cursor() as cursor:
        if batch.node["add_to"]:
            cursor.execute(
                "INSERT INTO audiences_static_member (content_id, contact_id, added_at)"
                " SELECT %s, unnest(%s::bigint[]), %s ON CONFLICT DO NOTHING",
                [by_public_id(batch.node["add_to"]).pk, batch.contacts, batch.now],
            )
        if batch.node["remove_from"]:
            cursor.execute(
                "DELETE FROM audiences_static_member WHERE content_id = %s AND contact_id = ANY (%s)",
                [by_public_id(batch.node["remove_from"]).pk, batch.contacts],
            )


def opt_out(batch: Batch) -> None:
    """Take them off, each as by their own wish: from this commit on no mail is claimed for them (G5)."""
    for contact in Contact.objects.filter(pk__in=batch.contacts).only("pk", "email"):
        consent.opt_out(
            contact_id=contact.pk, address=contact.email, now=batch.now, detail=_scenario(batch).public_id, by=SYSTEM
        )


def webhook(batch: Batch, contacts: Sequence[int], number: int) -> None:
    """Queue a call for each; another process makes it."""
    queuing.queue(
        url=str(batch.node["url"]),
        publication_id=int(batch.flow.publication.pk),
        node=batch.node.id,
        contact_ids=list(contacts),
        now=batch.now,
        visit=str(number),
    )


def scenario(batch: Batch) -> None:
    """Let them into another scenario that runs, or out of one."""
    if batch.node["start"]:
        target = _running(by_public_id(batch.node["start"]))
        if target is not None:
            entering.enter(target, audience=_set_of(batch.contacts), now=batch.now)
    if batch.node["leave"]:
        Enrolment.objects.filter(
            scenario=by_public_id(batch.node["leave"]), contact_id__in=batch.contacts, state=Enrolment.State.WALKING
        ).update(state=Enrolment.State.LEFT, why="scenario")


def _running(content: Content) -> "running.Running | None":
    publication = Publication.objects.filter(
        scenario=content, state=Publication.State.RUNNING, scenario_version__body__type="flow"
    ).first()
    return running.of(publication) if publication else None


def _dispatch(batch: Batch, number: int, *, to_staff: bool = False) -> Dispatch:
    version = batch.flow.versions[str(batch.node["mail"])]
    relay = batch.flow.flow.relay
    reason = f"flow:{batch.flow.scenario}:{batch.node.id}:{version.pk}:{number}"
    dispatch = planning.open_dispatch(
        reason=reason,
        name=version.name,
        mail_version=version,
        relay=Relay.objects.filter(pk=relay).first() if relay else None,
        give_up_at=batch.now + planning.GIVE_UP_AFTER,
        now=batch.now,
        priority=planning.STEP,
        to_staff=to_staff,
    )
    NodeDispatch.objects.get_or_create(
        dispatch_id=int(dispatch.pk), defaults={"scenario_id": batch.flow.scenario, "node": batch.node.id}
    )
    return dispatch


def _scenario(batch: Batch) -> Content:
    return batch.flow.publication.scenario


def _source(batch: Batch) -> Source:
    content = _scenario(batch)
    return sources.of_scenario(content.public_id, content.name, now=batch.now)


def _set_of(contacts: Sequence[int]) -> tuple[str, list[object]]:
    return "SELECT unnest(%s::bigint[])", [list(contacts)]

"""Tag or untag very many contacts in the background, chunk by chunk of ids, with progress.

A chunk is one transaction: tags, history, figures, cursor. Killed at any point it goes on after the last committed
chunk; the figures and the audit entry at the end are those of the whole.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.core import audit, clock
from tashika.core.actors import Actor
from tashika.core.errors import NotFound
from tashika.people import queries, searching, sources, tagging
from tashika.people.models import BulkTagging, Contact, Tag
from tashika.people.searching import Narrowing

AT_ONCE = 20_000  # contacts that are tagged while the person waits: about half a second
CHUNK = 20_000


def is_large(narrowing: Narrowing) -> bool:
    """Whether a search finds more people than are tagged while somebody waits."""
    return searching.narrowed(narrowing)[: AT_ONCE + 1].count() > AT_ONCE


def begin(*, tag: Tag, puts_on: bool, narrowing: Narrowing, by: Actor, now: datetime) -> BulkTagging:
    """Ask for it; `tasks.tag_in_bulk` does it. Contacts that are added later are not meant."""
    last_id = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        made = BulkTagging.objects.create(
            tag=tag,
            puts_on=puts_on,
            narrowing=_kept(narrowing),
            actor_kind=by.kind,
            actor_id=by.id,
            actor_label=by.label[:300],
            last_id=last_id,
            planned=Contact.objects.filter(pk__lte=last_id).count(),
            created_at=now,
        )
        detail = {"name": tag.name, "puts_on": puts_on, **made.narrowing}
        audit.record(actor=by, verb="begin_bulk_tagging", subject=f"tag:{tag.pk}", now=now, detail=detail)
    return made


def run(*, bulk_id: int) -> None:
    """Do what is left of it. Two workers at once take turns and change nothing twice."""
    while _one_chunk(bulk_id):
        pass


def _one_chunk(bulk_id: int) -> bool:
    """The next chunk; whether there may be more. A tag that was deleted meanwhile took its taggings along."""
    with transaction.atomic():
        bulk = BulkTagging.objects.select_for_update().filter(pk=bulk_id, state=BulkTagging.State.RUNNING).first()
        if bulk is None:
            return False
        coming = Contact.objects.filter(pk__gt=bulk.cursor, pk__lte=bulk.last_id).order_by("pk")
        ids = list(coming.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            _finish(bulk, BulkTagging.State.FINISHED)
            return False
        try:
            bulk.changed += _change(bulk, ids[-1])
        except NotFound:
            _finish(bulk, BulkTagging.State.FAILED)
            return False
        bulk.seen, bulk.cursor = bulk.seen + len(ids), ids[-1]
        bulk.save(update_fields=["seen", "cursor", "changed"])
    return True


def _change(bulk: BulkTagging, last: int) -> int:
    tag, now = queries.tag(bulk.tag_id), clock.now()
    contacts = searching.ids_between_sql(_narrowing(bulk.narrowing), bulk.cursor, last)
    change = tagging.put if bulk.puts_on else tagging.remove
    return change(tag=tag, contacts=contacts, source=sources.of_actor(_actor(bulk), now=now), now=now)


def _finish(bulk: BulkTagging, state: BulkTagging.State) -> None:
    bulk.state, bulk.finished_at = state, clock.now()
    bulk.save(update_fields=["state", "finished_at"])
    audit.record(
        actor=_actor(bulk),
        verb="tag" if bulk.puts_on else "untag",
        subject=f"tag:{bulk.tag_id}",
        now=bulk.finished_at,
        detail={"name": bulk.tag.name, "contacts": bulk.changed, "state": str(state)},
    )


def _kept(narrowing: Narrowing) -> dict[str, Any]:
    return {
        "words": narrowing.words,
        "narrowed_by_tag": narrowing.tag.pk if narrowing.tag else None,
        "company": narrowing.company.pk if narrowing.company else None,
        "consent": narrowing.consent,
    }


def _narrowing(kept: dict[str, Any]) -> Narrowing:
    """Raises NotFound where its tag or company is gone: without them it would mean everybody."""
    return Narrowing(
        words=kept["words"],
        tag=queries.tag(kept["narrowed_by_tag"]) if kept["narrowed_by_tag"] is not None else None,
        company=queries.company(kept["company"]) if kept["company"] is not None else None,
        consent=kept["consent"],
    )


def _actor(bulk: BulkTagging) -> Actor:
    return Actor(bulk.actor_kind, bulk.actor_id, bulk.actor_label)

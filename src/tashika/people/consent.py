"""Consent and opt-out: how and when a person agreed, and the wish that wins over everything (特定電子メール法 3条)."""

from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.people import sources
from tashika.people.addresses import address_hash, address_key, masked
from tashika.people.models import Consent, Contact, Suppression

RECIPIENT = Actor("recipient", None, "recipient")
WISHES = ("opt_out", "complaint")  # reasons of a suppression that are the person's own wish


def give(*, contact: Contact, ground: str, detail: str, by: Actor, now: datetime) -> None:
    """Record that a person agreed, on which ground. Lifts an earlier opt-out, for the person's later word counts."""
    with transaction.atomic():
        _add(contact.pk, bytes(contact.address_hash), "given", ground, detail, by, now)
        Contact.objects.filter(pk=contact.pk).update(consent="given", opted_out_at=None, updated_at=now)
        Suppression.objects.filter(address_hash=contact.address_hash, reason__in=WISHES).delete()
        audit.record(actor=by, verb="give_consent", subject=str(contact), now=now, detail={"ground": ground})


def opt_out(
    *,
    contact_id: int,
    address: str,
    now: datetime,
    detail: str = "",
    by: Actor = RECIPIENT,
    reason: str = "opt_out",
) -> None:
    """Take a person off: from this commit on no mail is claimed for them (G5). Works when the contact is gone or has
    another address now: both the contact and the address that was written to are taken off. Doing it again is fine.
    `reason` is `opt_out` or `complaint`; either outlives an entry for any other reason, which a person may lift."""
    hashes = {address_hash(address_key(address)): masked(address)}
    with transaction.atomic():
        contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if contact is not None:
            hashes[bytes(contact.address_hash)] = masked(contact.email)
            Contact.objects.filter(pk=contact_id).exclude(consent="withdrawn").update(
                consent="withdrawn", opted_out_at=now, updated_at=now
            )
        source = sources.of_actor(by, now=now)
        values = {"reason": reason, "detail": detail[:500], "since": now, "source": source}
        made = Suppression.objects.filter(address_hash__in=hashes).exclude(reason__in=WISHES).update(**values)
        for key, mask in hashes.items():
            _, created = Suppression.objects.get_or_create(address_hash=key, defaults={"masked": mask, **values})
            made += created
        if made:
            _add(contact_id, next(iter(hashes)), "withdrawn", "other", detail, by, now)
            audit.record(actor=by, verb=reason, subject=f"contact:{contact_id}", now=now, detail={"detail": detail})


def _add(contact_id: int, key: bytes, state: str, ground: str, detail: str, by: Actor, now: datetime) -> None:
    Consent.objects.create(
        contact_id=contact_id,
        address_hash=key,
        state=state,
        ground=ground[:40],
        detail=detail[:500],
        at=now,
        source=sources.of_actor(by, now=now),
    )

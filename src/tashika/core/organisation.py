"""The organisation: its name and what the law wants shown in commercial mail (特定電子メール法 4条)."""

from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.models import OrganisationSettings


def change(*, name: str, postal_address: str, contact: str, by: Actor, now: datetime) -> OrganisationSettings:
    """Say who we are."""
    with transaction.atomic():
        organisation, _ = OrganisationSettings.objects.update_or_create(
            id=1, defaults={"name": name.strip(), "postal_address": postal_address.strip(), "contact": contact.strip()}
        )
        audit.record(actor=by, verb="change_organisation", subject="organisation", now=now, detail={"name": name})
    return organisation

"""The organisation: its name and what the law wants shown in commercial mail (特定電子メール法 4条)."""

from datetime import datetime

from django.db import transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.models import OrganisationSettings
from tashika.core.text import t


class UnableToChangeOrganisation(TashikaError):
    """A value is too long; `where` is its field."""

    code = "unable_to_change_organisation"
    status = 422


def change(*, name: str, postal_address: str, contact: str, by: Actor, now: datetime) -> OrganisationSettings:
    """Say who we are. Raises UnableToChangeOrganisation naming the field."""
    values = {"name": name.strip(), "postal_address": postal_address.strip(), "contact": contact.strip()}
    for field, value in values.items():
        most = getattr(OrganisationSettings._meta.get_field(field), "max_length", 0)
        if len(value) > most:
            raise UnableToChangeOrganisation(
                t("{n}文字以内にしてください。", "At most {n} characters.", n=most), where=field
            )
    with transaction.atomic():
        organisation, _ = OrganisationSettings.objects.update_or_create(id=1, defaults=values)
        audit.record(actor=by, verb="change_organisation", subject="organisation", now=now, detail={"name": name})
    return organisation

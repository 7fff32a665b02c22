"""Reads of people."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.people.models import Consent, Contact, ContactHistory, Source, Suppression, Tag


def contact_count() -> int:
    """How many contacts there are; by the planner's estimate above 100,000, where counting takes its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'people_contact'::regclass")
        estimate = int(cursor.fetchone()[0])
    return estimate if estimate > 100_000 else Contact.objects.count()


def contact(contact_id: int) -> Contact:
    """A contact. Raises NotFound."""
    found = Contact.objects.select_related("owner", "company", "source").filter(pk=contact_id).first()
    if found is None:
        raise NotFound(t("この見込み顧客は見つかりません。", "There is no such contact."))
    return found


def field_sources(contact: Contact) -> dict[str, Source]:
    """The source of each field that came from elsewhere than the contact itself."""
    sources = Source.objects.in_bulk(set(contact.field_sources.values()))
    return {name: sources[key] for name, key in contact.field_sources.items() if key in sources}


def history(contact_id: int) -> list[dict[str, Any]]:
    """Changes and consents of a contact, the newest first."""
    changes = ContactHistory.objects.filter(contact_id=contact_id).select_related("source")[:200]
    consents = Consent.objects.filter(contact_id=contact_id).select_related("source")[:200]
    found: list[dict[str, Any]] = [
        {"at": one.at, "what": one.act, "changes": one.changes, "source": one.source} for one in changes
    ]
    found += [
        {"at": one.at, "what": f"consent_{one.state}", "detail": one.detail, "source": one.source} for one in consents
    ]
    return sorted(found, key=lambda one: one["at"], reverse=True)


def tags_of(contact_id: int) -> list[Tag]:
    """The tags on a contact."""
    return list(Tag.objects.filter(id__in=_tag_ids(contact_id)).order_by("name"))


def tags() -> QuerySet[Tag]:
    """All tags."""
    return Tag.objects.order_by("name")


def suppressions() -> QuerySet[Suppression]:
    """The suppression list, the newest first."""
    return Suppression.objects.select_related("source").order_by("-id")


def _tag_ids(contact_id: int) -> list[int]:
    from tashika.people.models import Tagging

    return list(Tagging.objects.filter(contact_id=contact_id).values_list("tag_id", flat=True))

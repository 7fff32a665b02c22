"""Reads of people."""

from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from tashika.core.errors import NotFound
from tashika.core.text import t
from tashika.people.companies import company_key
from tashika.people.models import (
    BulkTagging,
    Company,
    Consent,
    Contact,
    ContactHistory,
    CustomField,
    Source,
    Suppression,
    Tag,
    Tagging,
)

COUNT_LIMIT = 100_000


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


def history(contact_id: int, limit: int = 200) -> list[dict[str, Any]]:
    """Changes, consents and tags of a contact, the newest first. Custom fields stand each for itself."""
    changes = ContactHistory.objects.filter(contact_id=contact_id).select_related("source").order_by("-id")[:limit]
    consents = Consent.objects.filter(contact_id=contact_id).select_related("source").order_by("-id")[:limit]
    taggings = Tagging.objects.filter(contact_id=contact_id).select_related("source", "tag").order_by("-at")[:limit]
    found: list[dict[str, Any]] = [
        {"at": one.at, "what": one.act, "changes": _by_field(one.changes), "source": one.source} for one in changes
    ]
    found += [
        {"at": one.at, "what": f"consent_{one.state}", "ground": one.ground, "detail": one.detail, "source": one.source}
        for one in consents
    ]
    found += [
        {"at": one.at, "what": "tagged", "changes": {"tag": [None, one.tag.name]}, "source": one.source}
        for one in taggings
    ]
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _by_field(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A change of `custom` taken apart: custom.<key> by custom.<key>."""
    shown = {name: pair for name, pair in changes.items() if name != "custom"}
    pair = changes.get("custom") or [{}, {}]
    old, new = pair[0] or {}, pair[1] or {}
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            shown[f"custom.{key}"] = [old.get(key), new.get(key)]
    return shown


def tags_of(contact_id: int) -> list[Tag]:
    """The tags on a contact."""
    tagged = Tagging.objects.filter(contact_id=contact_id).values("tag_id")
    return list(Tag.objects.filter(pk__in=tagged).order_by("name"))


def tags() -> QuerySet[Tag]:
    """All tags, former names left out."""
    return Tag.objects.filter(leads_to=None).order_by("name")


def tag(tag_id: int) -> Tag:
    """A tag; the one that a former name leads to. Raises NotFound."""
    found = Tag.objects.select_related("leads_to").filter(pk=tag_id).first()
    if found is None:
        raise NotFound(t("このタグは見つかりません。", "There is no such tag."))
    return found.leads_to or found


def tag_of(name: str) -> Tag | None:
    """The tag that a name or a former name means."""
    found = Tag.objects.select_related("leads_to").filter(name=name.strip().replace("\0", "")).first()
    return (found.leads_to or found) if found else None


def bulk_tagging(bulk_id: int) -> BulkTagging:
    """A tagging in the background. Raises NotFound."""
    found = BulkTagging.objects.select_related("tag").filter(pk=bulk_id).first()
    if found is None:
        raise NotFound(t("この一括タグづけは見つかりません。", "There is no such tagging."))
    return found


def running_bulk_taggings() -> QuerySet[BulkTagging]:
    """Those that are not finished, the newest first."""
    return BulkTagging.objects.select_related("tag").filter(state=BulkTagging.State.RUNNING).order_by("-id")


def tag_counts(tag_ids: list[int]) -> dict[int, int]:
    """How many contacts have each tag, counted to COUNT_LIMIT: a list has no use for more, and stays quick."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id, (SELECT count(*) FROM (SELECT FROM people_tagging g WHERE g.tag_id = w.id LIMIT %s) counted)"
            " FROM unnest(%s::bigint[]) w(id)",
            [COUNT_LIMIT, tag_ids],
        )
        return {int(row[0]): int(row[1]) for row in cursor.fetchall()}


def tagged_count(tag: Tag) -> int:
    """How many contacts have a tag, exactly."""
    return Tagging.objects.filter(tag=tag).count()


def companies(words: str = "") -> QuerySet[Company]:
    """Companies by their normalised name; with words, those in whose name or former name they occur."""
    found = Company.objects.filter(leads_to=None).order_by("key")
    for word in words.split():
        key = company_key(word)
        found = found.filter(Q(key__contains=key) | Q(name__icontains=word) | Q(pk__in=_led_to(key)))
    return found


def company(company_id: int) -> Company:
    """A company; the one that a former name leads to. Raises NotFound."""
    found = Company.objects.select_related("leads_to").filter(pk=company_id).first()
    if found is None:
        raise NotFound(t("この会社は見つかりません。", "There is no such company."))
    return found.leads_to or found


def company_counts(company_ids: list[int]) -> dict[int, int]:
    """How many contacts each company has."""
    rows = Contact.objects.filter(company_id__in=company_ids).values_list("company_id").annotate(n=Count("pk"))
    return {int(key): int(number) for key, number in rows.order_by()}


def field(key: str) -> CustomField:
    """A custom field, archived or not. Raises NotFound."""
    found = CustomField.objects.filter(key=key.replace("\0", "")).first()
    if found is None:
        raise NotFound(t("項目 {key} はありません。", "There is no field {key}.", key=key))
    return found


def values_count(key: str) -> int:
    """How many contacts have a value in a custom field. Reads every contact: for one field's page, on demand."""
    return Contact.objects.filter(custom__has_key=key).count()


def suppression_of(contact: Contact) -> Suppression | None:
    """The entry of a contact's address on the suppression list, if there is one."""
    return Suppression.objects.filter(address_hash=contact.address_hash).first()


def suppressions() -> QuerySet[Suppression]:
    """The suppression list, the newest first."""
    return Suppression.objects.select_related("source").order_by("-id")


def _led_to(key: str) -> QuerySet[Company, Any]:
    return Company.objects.filter(leads_to__isnull=False, key__contains=key).values("leads_to_id")

"""Static lists: segments whose members are named, not found by rules."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.audiences import rules
from tashika.audiences.models import StaticMember
from tashika.contents import frozen
from tashika.contents.models import Content, Kind
from tashika.core import audit
from tashika.people.addresses import address_key
from tashika.people.models import Contact


def add(*, content: Content, text: str, by: User, now: datetime) -> tuple[int, list[str]]:
    """Put the contacts whose addresses stand in a text on a list; how many were new, and the addresses that nobody has.
    Raises Frozen."""
    keys = {address_key(one): one for one in re.findall(r"[^\s,;\"'<>、]+@[^\s,;\"'<>、]+", text)}
    known = dict(Contact.objects.filter(email_key__in=list(keys)).values_list("email_key", "pk"))
    with transaction.atomic():
        frozen.locked(content)
        before = StaticMember.objects.filter(content_id=content.pk).count()
        StaticMember.objects.bulk_create(
            [StaticMember(content_id=content.pk, contact_id=pk, added_at=now) for pk in known.values()],
            ignore_conflicts=True,
            batch_size=5000,
        )
        added = StaticMember.objects.filter(content_id=content.pk).count() - before
        audit.record(
            actor=actor_of(by), verb="add_members", subject=content.public_id, now=now, detail={"added": added}
        )
    return added, [keys[key] for key in keys if key not in known]


def remove(*, content: Content, contact_id: int, by: User, now: datetime) -> bool:
    """Take a contact off a list; whether it was on it. Raises Frozen."""
    with transaction.atomic():
        frozen.locked(content)
        gone, _ = StaticMember.objects.filter(content_id=content.pk, contact_id=contact_id).delete()
        if gone:
            detail = {"contact": contact_id}
            audit.record(actor=actor_of(by), verb="remove_member", subject=content.public_id, now=now, detail=detail)
    return bool(gone)


def holds(content: Content, contact_id: int) -> bool:
    """Whether a contact is on a list."""
    return StaticMember.objects.filter(content_id=content.pk, contact_id=contact_id).exists()


def count(content: Content) -> int:
    """How many are on a list."""
    return StaticMember.objects.filter(content_id=content.pk).count()


def fingerprint(segment: Content) -> dict[str, str]:
    """Changes whenever the members do of any list that a segment depends on: its own, or one that its rule names."""
    lists = [segment] if segment.draft.get("static") else _named_by(segment)
    return {one.public_id: _members_fingerprint(one) for one in lists}


def _named_by(segment: Content) -> list[Content]:
    numbers = rules.lists(segment.draft.get("rule") or {"op": "and"})
    return list(Content.objects.filter(kind=Kind.SEGMENT, number__in=numbers).order_by("number"))


def _members_fingerprint(content: Content) -> str:
    found = StaticMember.objects.filter(content_id=content.pk).aggregate(number=Count("pk"), last=Max("pk"))
    return f"{found['number']}:{found['last'] or 0}"


def members(content: Content, *, after: int = 0, limit: int = 100) -> list[Contact]:
    """A page of the contacts on a list, by number; the next page is `after` the last."""
    ids = StaticMember.objects.filter(content_id=content.pk, contact_id__gt=after).order_by("contact_id")
    found = Contact.objects.in_bulk(list(ids.values_list("contact_id", flat=True)[:limit]))
    return [found[one] for one in sorted(found)]

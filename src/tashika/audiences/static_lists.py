"""Static lists: segments whose members are named, not found by rules."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.audiences import rules
from tashika.audiences.models import StaticMember
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.core import audit
from tashika.people.addresses import address_key
from tashika.people.models import Contact


def add(*, content: Content, text: str, by: User, now: datetime) -> tuple[int, list[str]]:
    """Put the contacts whose addresses stand in a text on a list; how many were new, and the addresses that nobody has.
    Raises Frozen."""
    drafting.refuse_if_frozen(content)
    keys = {address_key(one): one for one in re.findall(r"[^\s,;\"'<>、]+@[^\s,;\"'<>、]+", text)}
    known = dict(Contact.objects.filter(email_key__in=list(keys)).values_list("email_key", "pk"))
    with transaction.atomic():
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


def members(content: Content) -> list[Contact]:
    """The contacts on a list, in the order in which they were added."""
    ids = StaticMember.objects.filter(content_id=content.pk).order_by("id").values_list("contact_id", flat=True)
    found = Contact.objects.in_bulk(list(ids))
    return [found[one] for one in ids if one in found]

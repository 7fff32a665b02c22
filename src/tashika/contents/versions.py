"""Keep a draft as an immutable version."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.contents import frozen
from tashika.contents.models import Content, Use, Version


def keep(*, content: Content, by: User | None, now: datetime, uses: Iterable[Version] = ()) -> Version:
    """The version that equals the draft: the one kept before if nothing changed, else a new one.

    `uses` are the versions that this one depends on; they belong to what is hashed, so that a scenario over a new
    version of its mail is a new version of the scenario. Raises Frozen where it would be a new one (G7).
    """
    used = sorted(uses, key=lambda version: int(version.pk))
    with transaction.atomic():
        current = Content.objects.select_for_update().get(pk=content.pk)
        digest = body_hash(current.name, current.draft, [bytes(version.hash).hex() for version in used])
        found = Version.objects.filter(content=current, hash=digest).first()
        if found:
            return found
        frozen.refuse_if_frozen(current)
        last = current.versions.order_by("-number").values_list("number", flat=True).first()
        version = Version.objects.create(
            content=current,
            number=(last or 0) + 1,
            name=current.name,
            body=current.draft,
            hash=digest,
            made_at=now,
            made_by=by,
        )
        Use.objects.bulk_create(Use(user_version=version, used_version=other) for other in used)
    return version


def body_hash(name: str, body: dict[str, Any], used: list[str]) -> bytes:
    """SHA-256 over the canonical JSON of a name, a body and the hashes of what it uses."""
    text = json.dumps([name, body, used], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()

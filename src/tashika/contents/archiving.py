"""Take a content out of the lists. Its versions stay for ever: what was sent from them can still be shown (G6)."""

from datetime import datetime

from django.db import transaction

from tashika.contents import frozen
from tashika.contents.models import Content
from tashika.core import audit
from tashika.core.actors import Actor


def archive(*, content: Content, by: Actor, now: datetime) -> None:
    """Archive a content; doing it again changes nothing. Raises Frozen (G7)."""
    with transaction.atomic():
        current = frozen.locked(content)
        if current.archived_at is None:
            current.archived_at = now
            current.save(update_fields=["archived_at"])
            audit.record(actor=by, verb="archive_content", subject=current.public_id, now=now)

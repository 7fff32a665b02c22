"""Who has the editor of a content open: so that two editors at once are told of each other."""

from datetime import datetime, timedelta

from tashika.accounts.models import User
from tashika.contents.models import Content, Editing

GONE = timedelta(seconds=40)  # without a word from the page: it asks every 12 s
FORGOTTEN = timedelta(hours=1)


def seen(*, content: Content, user: User, tab: str, now: datetime) -> list[User]:
    """Say that a person's tab has the editor open; who else has, the person too where it is another tab of theirs."""
    Editing.objects.update_or_create(content=content, user=user, tab=tab[:40], defaults={"seen_at": now})
    Editing.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    others = Editing.objects.filter(content=content, seen_at__gt=now - GONE).exclude(user=user, tab=tab[:40])
    return sorted({one.user for one in others.select_related("user")}, key=lambda one: one.pk)


def left(*, content: Content, user: User, tab: str) -> None:
    """The tab was closed."""
    Editing.objects.filter(content=content, user=user, tab=tab[:40]).delete()

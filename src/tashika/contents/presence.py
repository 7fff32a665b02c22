"""Who has the editor of a content open: so that two editors at once are told of each other."""

from datetime import datetime, timedelta

from tashika.accounts.models import User
from tashika.contents.models import Content, Editing

GONE = timedelta(seconds=40)  # without a word from the page: it asks every 12 s
FORGOTTEN = timedelta(hours=1)


def seen(*, content: Content, user: User, tab: str, now: datetime) -> list[str]:
    """Say that a person's tab has the editor open; the names of the others that do, and one's own in another tab."""
    Editing.objects.update_or_create(content=content, user=user, tab=tab[:40], defaults={"seen_at": now})
    Editing.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    others = Editing.objects.filter(content=content, seen_at__gt=now - GONE).exclude(user=user, tab=tab[:40])
    people = {one.user_id: one.user.name or one.user.email for one in others.select_related("user")}
    return sorted(people.values())


def left(*, content: Content, user: User, tab: str) -> None:
    """The tab was closed."""
    Editing.objects.filter(content=content, user=user, tab=tab[:40]).delete()

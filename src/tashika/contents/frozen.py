"""Whether a content is frozen (G7): asked by every verb that changes one."""

from tashika.contents.models import Content, Freeze
from tashika.core import clock
from tashika.core.errors import Frozen
from tashika.core.text import t


def standing(content: Content) -> Freeze | None:
    """The freeze that holds a content now: the oldest where there are several."""
    return Freeze.objects.filter(content=content, lifted_at=None).order_by("since", "pk").first()


def refuse_if_frozen(content: Content) -> None:
    """Raises Frozen, saying which incident and since when."""
    held = standing(content)
    if held is not None:
        raise words(content, held)


def words(content: Content, held: Freeze) -> Frozen:
    """What whoever wants to change a frozen content is told."""
    return Frozen(
        t(
            "{id} は事案 {incident} により、{since} から保全されています。変更できません。",
            "{id} has been frozen by incident {incident} since {since}. It can't be changed.",
            id=content.public_id,
            incident=held.by_incident,
            since=clock.in_words(held.since),
        ),
        fix=t("複製して、そちらを編集してください。", "Make a copy and edit that."),
    )


def locked(content: Content) -> Content:
    """The content as it is now, locked for a change. Raises Frozen. Only within a transaction."""
    current = Content.objects.select_for_update().get(pk=content.pk)
    refuse_if_frozen(current)
    return current

"""Delete a tag, unless a segment asks for it: "has not" would then mean everybody."""

from datetime import datetime

from tashika.audiences import uses
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import tags
from tashika.people.models import Tag


class UnableToDeleteTag(TashikaError):
    """A segment asks for the tag."""

    code = "unable_to_delete_tag"


def delete_tag(*, tag: Tag, by: Actor, now: datetime) -> int:
    """Delete a tag; how many contacts had it. Raises UnableToDeleteTag naming the segments."""
    asking = uses.of_tag(tag)
    if asking:
        names = ", ".join(str(one) for one in asking[:5])
        raise UnableToDeleteTag(
            t("セグメント {names} が使っています。", "It is used by {names}.", names=names),
            fix=t(
                "先にセグメントの条件から外すか、別のタグに統合してください。",
                "Take it out of those rules first, or merge it into another tag.",
            ),
        )
    return tags.delete(tag=tag, by=by, now=now)

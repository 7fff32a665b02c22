"""Which publications have a content in their bill of materials."""

from django.db.models import QuerySet

from tashika.contents.models import Content
from tashika.scenarios.models import Publication


def publications_of(content: Content) -> QuerySet[Publication]:
    """The publications that pinned a version of a content, the newest first; the bill says which version."""
    return (
        Publication.objects.filter(bill__contains=[{"id": content.public_id}])
        .select_related("scenario", "published_by")
        .order_by("-id")
    )

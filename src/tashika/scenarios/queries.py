"""Reads of scenarios."""

from django.db.models import QuerySet

from tashika.contents.models import Content
from tashika.scenarios.models import Publication


def live(scenario: Content) -> Publication | None:
    """The publication that waits or runs."""
    return scenario.publications.filter(state__in=[Publication.State.WAITING, Publication.State.RUNNING]).first()


def latest(scenario: Content) -> Publication | None:
    """The newest publication, whatever its state."""
    return publications(scenario).first()


def publications(scenario: Content) -> QuerySet[Publication]:
    """All publications of a scenario, the newest first."""
    return (
        Publication.objects.filter(scenario=scenario)
        .select_related("published_by", "unpublished_by", "mail_version__content", "segment_version__content")
        .order_by("-id")
    )

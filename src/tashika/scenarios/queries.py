"""Reads of scenarios."""

from django.db.models import QuerySet

from tashika.contents.models import Content
from tashika.core.models import AuditEntry
from tashika.scenarios.models import Publication


def live(scenario: Content) -> Publication | None:
    """The publication that waits or runs."""
    return scenario.publications.filter(state__in=[Publication.State.WAITING, Publication.State.RUNNING]).first()


def all_live() -> QuerySet[Publication]:
    """Everything that waits or runs, the next one first."""
    states = [Publication.State.WAITING, Publication.State.RUNNING]
    return Publication.objects.filter(state__in=states).select_related("scenario").order_by("send_at", "pk")


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


def why_unpublished(scenario: Content) -> str:
    """The reason given at the last 非公開; empty where there was none."""
    entry = AuditEntry.objects.filter(subject=scenario.public_id, verb="unpublish").order_by("-id").first()
    return str(entry.detail.get("reason", "")) if entry else ""

"""Reads of webhooks."""

from django.db.models import Count, Q, QuerySet

from tashika.scenarios.webhooks.models import Endpoint, Try, Webhook


def endpoints() -> QuerySet[Endpoint]:
    """The addresses that webhooks go to."""
    return Endpoint.objects.order_by("url")


def figures() -> dict[str, int]:
    """How many webhooks are in each state."""
    states = {state: Count("pk", filter=Q(state=state)) for state in Webhook.State.values}
    return dict(Webhook.objects.aggregate(**states))


def failed(limit: int) -> list[tuple[Webhook, Try | None]]:
    """Those that have failed, the newest first, each with its last try."""
    found = Webhook.objects.filter(state=Webhook.State.FAILED).select_related("endpoint").order_by("-ended_at")
    return [(one, one.log.order_by("-pk").first()) for one in found[:limit]]

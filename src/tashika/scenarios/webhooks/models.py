"""Endpoint, Fence, Webhook, Try."""

from django.db import models


class Endpoint(models.Model):
    """An address that webhooks go to, with the secret that signs them."""

    url = models.CharField(max_length=500, unique=True)
    secret_sealed = models.BinaryField()
    rotated_at = models.DateTimeField()

    class Meta:
        db_table = "webhooks_endpoint"


class Fence(models.Model):
    """Whether requests of a publication may begin. Who begins one holds the row shared; a stop changes it."""

    publication_id = models.BigIntegerField(primary_key=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhooks_fence"


class Webhook(models.Model):
    """One telling of one person: committed before anything leaves. `message_id` is the same at every try, so that the receiver
    can tell. `about_id` and `publication_id` are no foreign keys, so that the evidence outlives them."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"
        SKIPPED = "skipped"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")
    publication_id = models.BigIntegerField()
    node = models.CharField(max_length=12)
    visit = models.CharField(max_length=40, blank=True)  # tells visits of one person to one node apart
    about_id = models.BigIntegerField()  # the contact
    message_id = models.UUIDField()
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)  # null once it has ended
    begun_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhooks_webhook"
        constraints = [
            models.UniqueConstraint(fields=["publication_id", "node", "about_id", "visit"], name="webhooks_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sending", "delivered", "failed", "skipped"]),
                name="webhooks_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="webhooks_due"),
            models.Index(fields=["publication_id", "state"], name="webhooks_publication"),
        ]


class Try(models.Model):
    """One try: when, what was answered (0: nothing), in what time."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="log")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300, blank=True)
    took_ms = models.PositiveIntegerField()

    class Meta:
        db_table = "webhooks_try"

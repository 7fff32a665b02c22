"""Publication."""

from django.db import models

from tashika.accounts.models import User
from tashika.contents.models import Content, Version


class Publication(models.Model):
    """What runs: a scenario version and every version it uses, who published it and on which clearance."""

    class State(models.TextChoices):
        WAITING = "waiting"  # published, its time has not come
        RUNNING = "running"
        UNPUBLISHED = "unpublished"
        FINISHED = "finished"

    scenario = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="publications")
    scenario_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    segment_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    mail_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    bill = models.JSONField()  # [{id, version, hash}] of everything pinned
    bill_hash = models.BinaryField(max_length=32)
    state = models.CharField(max_length=12, choices=State.choices)
    send_at = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    unpublished_at = models.DateTimeField(null=True)
    unpublished_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # Publishing again after 非公開 goes on with the dispatch of the publication before, by explicit choice (G8).
    resumes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    dispatch_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "scenarios_publication"
        constraints = [
            models.UniqueConstraint(
                fields=["scenario"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="scenarios_one_live_publication",
            )
        ]
        indexes = [
            models.Index(fields=["send_at"], condition=models.Q(state="waiting"), name="scenarios_waiting"),
        ]

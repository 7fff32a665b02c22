"""The log."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

# What people did themselves, or what became of their mail: all but the mails that left.
DONE = ("opened", "clicked", "opted_out", "bounced", "complained", "form_sent", "page_visited", "document_downloaded")


class Event(models.Model):
    """Something that a contact did or that reached them. Only added to; no foreign keys, so that it survives both ends."""

    class Kind(models.TextChoices):
        MAIL_ACCEPTED = "mail_accepted"
        MAIL_REFUSED = "mail_refused"
        MAIL_HELD = "mail_held"  # in the relay's queue, after a stop
        MAIL_RELEASED = "mail_released"  # from there
        MAIL_DELETED = "mail_deleted"  # out of there: it never left
        OPENED = "opened"
        CLICKED = "clicked"
        OPTED_OUT = "opted_out"
        BOUNCED = "bounced"
        COMPLAINED = "complained"

    at = models.DateTimeField()
    contact_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    dispatch_id = models.BigIntegerField(null=True)
    mail_number = models.IntegerField(null=True)  # 31 of M-31
    detail = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        db_table = "activity_event"
        indexes = [
            models.Index(fields=["contact_id", "-at"], name="activity_contact"),
            models.Index(fields=["kind", "mail_number", "contact_id"], name="activity_kind"),
            models.Index(fields=["dispatch_id", "kind"], name="activity_dispatch"),
            models.Index(
                fields=["kind", "at"], include=["contact_id"], condition=models.Q(kind__in=DONE), name="activity_done"
            ),
            BrinIndex(fields=["at"], name="activity_at", pages_per_range=64, autosummarize=True),
        ]

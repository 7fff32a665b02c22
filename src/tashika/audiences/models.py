"""Static lists."""

from django.db import models


class StaticMember(models.Model):
    """A contact on a static list. `content_id` is the segment's."""

    content_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        db_table = "audiences_static_member"
        constraints = [models.UniqueConstraint(fields=["content_id", "contact_id"], name="audiences_member_once")]

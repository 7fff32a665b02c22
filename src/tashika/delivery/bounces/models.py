"""RawReport, Bounce, BounceTally, BounceSettings, Hook."""

from django.db import models

from tashika.delivery.bounces.parsing.report import Kind


class RawReport(models.Model):
    """A report as it came. Never changed, never deleted (triggers refuse it): whatever is read in it can be read anew.

    `digest` makes taking it twice harmless. A report longer than `keeping.KEPT` is kept up to there; `size` is the whole.
    """

    way = models.CharField(max_length=10)  # mailbox | pipe | webhook
    provider = models.CharField(max_length=30, blank=True)  # of a webhook
    received_at = models.DateTimeField()
    digest = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()
    raw = models.BinaryField()

    class Meta:
        db_table = "delivery_bounce_raw"


class Bounce(models.Model):
    """What a raw report says, and of which mail: the parser's reading, made anew by `recomputing`.

    `row_id`, `dispatch_id` and `contact_id` are no foreign keys: evidence outlives what it speaks of. `tied_by` names
    the trace that led to the row; empty while it leads nowhere, and such a report counts for nobody.
    """

    raw = models.OneToOneField(RawReport, on_delete=models.PROTECT, related_name="bounce")
    at = models.DateTimeField()
    version = models.PositiveSmallIntegerField()  # of the parser
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=12, blank=True)
    words = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    format = models.CharField(max_length=30, blank=True)
    recipient = models.CharField(max_length=254, blank=True)  # as the report names it
    tied_by = models.CharField(max_length=12, blank=True)  # token | link | message_id | recipient
    row_id = models.BigIntegerField(null=True)
    dispatch_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    address_hash = models.BinaryField(max_length=32, null=True)  # of the address that was written to

    class Meta:
        db_table = "delivery_bounce"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=list(Kind)), name="delivery_bounce_kind"),
            models.CheckConstraint(
                condition=models.Q(tied_by="", row_id=None) | (~models.Q(tied_by="") & models.Q(row_id__isnull=False)),
                name="delivery_bounce_tied",
            ),
        ]
        indexes = [
            models.Index(fields=["dispatch_id", "kind", "row_id"], name="delivery_bounce_dispatch"),
            models.Index(fields=["row_id"], name="delivery_bounce_row"),
            models.Index(fields=["contact_id", "-id"], name="delivery_bounce_contact"),
            models.Index(fields=["kind", "-id"], name="delivery_bounce_kind_idx"),
            models.Index(
                fields=["address_hash", "at"],
                condition=models.Q(kind__in=["soft", "hard"]),
                name="delivery_bounce_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"bounce:{self.pk}"


class BounceTally(models.Model):
    """How many reports are of a kind, kept by the database in a few slots: the figure is the sum over them."""

    pk = models.CompositePrimaryKey("kind", "slot")
    kind = models.CharField(max_length=10)
    slot = models.PositiveSmallIntegerField()
    rows = models.BigIntegerField()

    class Meta:
        db_table = "delivery_bounce_tally"


class BounceSettings(models.Model):
    """The one row of how reports reach us and what they lead to."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    return_path = models.CharField(max_length=254, blank=True)  # bounce@return.example.jp; empty: From stays the sender
    soft_limit = models.PositiveSmallIntegerField(default=5)  # so many mails come back softly …
    soft_days = models.PositiveSmallIntegerField(default=30)  # … within so many days: suppressed
    host = models.CharField(max_length=253, blank=True)  # of the IMAP mailbox; empty: none is read
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, default="tls")  # tls | starttls | none
    verify_certificate = models.BooleanField(default=True)
    username = models.CharField(max_length=200, blank=True)
    password_sealed = models.BinaryField(blank=True, default=b"")
    folder = models.CharField(max_length=100, default="INBOX")
    done_folder = models.CharField(max_length=100, blank=True, default="Tashika")  # empty: what is kept here is deleted
    polled_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "delivery_bounce_settings"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="delivery_one_bounce_settings")]


class Hook(models.Model):
    """A provider that may report over a webhook, with the password it has to show and the key it signs with."""

    provider = models.CharField(max_length=30, unique=True)
    password_sealed = models.BinaryField()
    signing_key_sealed = models.BinaryField(blank=True, default=b"")
    created_at = models.DateTimeField()
    called_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_hook"

    def __str__(self) -> str:
        return self.provider

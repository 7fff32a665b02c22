"""The audit trail: a chain of rows that only grows (G12)."""

from django.db import models


class AuditEntry(models.Model):
    """One act: who did what to which subject, when, and the hash that ties it to the act before.

    UPDATE, DELETE and TRUNCATE are refused by triggers; `hash` = SHA-256(previous hash ‖ canonical row).
    """

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)  # such as S-12, I-3, import:7
    detail = models.JSONField(default=dict)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "core_audit_entry"
        indexes = [models.Index(fields=["subject", "-id"]), models.Index(fields=["verb", "-id"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_label} {self.verb} {self.subject}"


class OrganisationSettings(models.Model):
    """The one row of what the organisation is: its name and what the law wants shown in a commercial mail."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=200, blank=True)
    postal_address = models.CharField(max_length=300, blank=True)
    contact = models.CharField(max_length=300, blank=True)
    demo = models.BooleanField(default=False)

    class Meta:
        db_table = "core_organisation"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_one_organisation")]

    def __str__(self) -> str:
        return self.name


class Process(models.Model):
    """A process of the installation as it speaks of itself; see `core.processes`."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20)  # web | worker | catcher
    host = models.CharField(max_length=100)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    says = models.JSONField(default=dict)  # memory, counts, what it is doing

    class Meta:
        db_table = "core_process"

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.pid}"

"""Contacts and what we know of them, with where each value came from."""

from django.db import models

from tashika.accounts.models import User


class Source(models.Model):
    """Where values come from: an import, a form, a person, an API key, a scenario. Every value knows its source.

    Sources are never deleted (a trigger refuses it), so that rows by the million may name them without a foreign key:
    checking three of them a row was a seventh of an import.
    """

    kind = models.CharField(max_length=20)  # import | form | person | api | scenario | system
    ref = models.CharField(max_length=60, blank=True)  # such as import:7, user:2, F-3
    label = models.CharField(max_length=300)  # what people read: the file's name, the person's name
    at = models.DateTimeField()

    class Meta:
        db_table = "people_source"
        indexes = [models.Index(fields=["kind", "ref"])]

    def __str__(self) -> str:
        return self.label


class Company(models.Model):
    """A company that contacts belong to, joined by its normalised name (株式会社, ㈱ and spaces aside).

    A row with `leads_to` is a name that a company had, or that of one joined to it: whoever writes it means that one.
    """

    name = models.CharField(max_length=300)
    key = models.CharField(max_length=300)
    leads_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="former_names")

    class Meta:
        db_table = "people_company"
        constraints = [models.UniqueConstraint(fields=["key"], name="people_company_once")]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person we may write to. Names are kept as written, never normalised for display.

    `email_key` is the address in normal form (one contact per key); `address_hash` the keyed hash of it that the
    suppression list is joined by. `source` is where the contact came from; `field_sources` names the source of each
    field that came from elsewhere later.
    """

    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254)
    address_hash = models.BinaryField(max_length=32)
    family_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    given_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    family_kana = models.CharField(max_length=100, blank=True, default="", db_default="")
    given_kana = models.CharField(max_length=100, blank=True, default="", db_default="")
    company_name = models.CharField(max_length=300, blank=True, default="", db_default="")
    company = models.ForeignKey(
        Company, null=True, on_delete=models.SET_NULL, related_name="contacts", db_constraint=False
    )  # what a foreign key would do when a company goes, a trigger does
    department = models.CharField(max_length=200, blank=True, default="", db_default="")
    job_title = models.CharField(max_length=200, blank=True, default="", db_default="")
    phone = models.CharField(max_length=40, blank=True, default="", db_default="")
    mobile = models.CharField(max_length=40, blank=True, default="", db_default="")
    postal_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    prefecture = models.CharField(max_length=40, blank=True, default="", db_default="")
    address = models.CharField(max_length=300, blank=True, default="", db_default="")
    external_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    note = models.TextField(blank=True, default="", db_default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))  # CustomField.key -> value
    score = models.IntegerField(default=0, db_default=0)  # as scenarios and rules have added it up
    rank = models.CharField(max_length=20, blank=True, default="", db_default="")
    # The state that the latest Consent row gives: none | given | withdrawn (= opted out).
    consent = models.CharField(max_length=10, default="none", db_default="none")
    opted_out_at = models.DateTimeField(null=True)
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    field_sources = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "people_contact"
        constraints = [
            models.UniqueConstraint(fields=["email_key"], name="people_contact_once"),
            models.CheckConstraint(
                condition=models.Q(consent__in=["none", "given", "withdrawn"]), name="people_contact_consent"
            ),
        ]
        indexes = [
            models.Index(fields=["address_hash"], name="people_contact_hash"),
            models.Index(fields=["owner"], name="people_contact_owner", condition=models.Q(owner__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"contact:{self.pk}"  # an id, so that logs carry no address


class ContactHistory(models.Model):
    """What happened to a contact's values: one row per change, old and new value by field. Survives the contact."""

    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    act = models.CharField(max_length=20)  # updated | deleted | restored | merged | untagged
    changes = models.JSONField()  # {field: [old, new]}; of untagged {"tag": [name, null]}

    class Meta:
        db_table = "people_contact_history"
        indexes = [models.Index(fields=["contact_id", "-id"], name="people_history_contact")]


class CustomField(models.Model):
    """A field that the organisation adds. Values live in Contact.custom under `key`."""

    class Type(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        CHOICE = "choice"
        MULTI_CHOICE = "multi_choice"
        YES_NO = "yes_no"

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=100)
    type = models.CharField(max_length=20, choices=Type.choices)
    choices = models.JSONField(default=list)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_custom_field"

    def __str__(self) -> str:
        return self.label


class Tag(models.Model):
    """A word put on contacts.

    A row with `leads_to` is a former name: rules, files and API calls that still say it mean that tag.
    """

    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField()
    leads_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="former_names")

    class Meta:
        db_table = "people_tag"

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A tag on a contact, since when and from where. Goes with either of them, by triggers (see Company)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="taggings", db_constraint=False)
    tag = models.ForeignKey(
        Tag, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )  # the constraint's index serves
    at = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        db_table = "people_tagging"
        constraints = [models.UniqueConstraint(fields=["tag", "contact"], name="people_tagging_once")]


class BulkTagging(models.Model):
    """A tag being put on, or taken off, very many contacts in the background: those with an id up to `last_id` whom the
    narrowing finds when they are come to. `cursor` is the id that it has come to; killed, it goes on from there."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"  # the tag or company of the narrowing went away meanwhile

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")
    puts_on = models.BooleanField()
    narrowing = models.JSONField()  # words, tag, company, consent, as in searching.Narrowing; rows by their ids
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    last_id = models.BigIntegerField()
    cursor = models.BigIntegerField(default=0)
    planned = models.BigIntegerField()  # contacts to look at
    seen = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_bulk_tagging"


class Consent(models.Model):
    """How and when a person agreed or withdrew (特定電子メール法 3条・4条). Rows are only added."""

    contact_id = models.BigIntegerField()
    address_hash = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10)  # given | withdrawn
    ground = models.CharField(
        max_length=40
    )  # form | business_card | business_relation | published_address | import | other
    detail = models.CharField(max_length=500, blank=True)  # the words agreed to, or where
    at = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        db_table = "people_consent"
        indexes = [models.Index(fields=["contact_id", "-id"], name="people_consent_contact")]


class Suppression(models.Model):
    """An address never to write to. Keyed by the keyed hash of the address, so that it survives deletion and
    re-import (配配メール's 洗い替え trap). `masked` is what people may read: t***@example.jp."""

    address_hash = models.BinaryField(max_length=32, unique=True)
    masked = models.CharField(max_length=100)
    reason = models.CharField(max_length=20)  # opt_out | complaint | hard_bounce | soft_bounce | manual | import
    detail = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "people_suppression"


class Import(models.Model):
    """A file of contacts coming in."""

    class State(models.TextChoices):
        UPLOADED = "uploaded"  # read and shown; mapping can be corrected
        CHECKING = "checking"  # the whole file is looked at, nothing is written
        UNDECIDED = "undecided"  # a finding over the batch waits for a person
        READY = "ready"  # checked; waits for the person's go
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"  # can't go on; `error` says why
        CANCELLED = "cancelled"
        UNDOING = "undoing"
        UNDONE = "undone"

    file_name = models.CharField(max_length=300)
    path = models.CharField(max_length=500)  # below the data folder
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=State.choices)
    layout = models.JSONField(default=dict)  # format, encoding, delimiter, header, how it was decided
    mapping = models.JSONField(default=list)  # column index -> field name or ""
    options = models.JSONField(default=dict)  # mode, blanks_overwrite, tags, consent_ground, consent_detail
    findings = models.JSONField(default=list)  # over the batch: code, count, examples, decision
    cursor = models.JSONField(default=dict)  # how far a committed chunk has come
    rows = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    total_rows = models.BigIntegerField(null=True)
    error = models.TextField(blank=True)
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")  # corrected rows of
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_import"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="finished")
                | models.Q(
                    rows=models.F("created") + models.F("updated") + models.F("skipped") + models.F("quarantined")
                ),
                name="people_import_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"import:{self.pk}"


class QuarantinedRow(models.Model):
    """A row that was not taken, with its reasons. `number` is the row in the file, the header being row 1."""

    contact_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="quarantine")
    number = models.BigIntegerField()
    cells = models.JSONField()
    reasons = models.JSONField()  # [{code, field, value}]
    settled = models.CharField(max_length=20, blank=True)  # "" | imported | discarded

    class Meta:
        db_table = "people_quarantined_row"
        constraints = [models.UniqueConstraint(fields=["contact_import", "number"], name="people_quarantine_once")]

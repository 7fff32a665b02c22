"""Content, Version, Use, DraftRevision, Freeze, Editing."""

from django.db import models

from tashika.accounts.models import User


class Kind(models.TextChoices):
    """The six kinds."""

    SCENARIO = "scenario"
    SEGMENT = "segment"
    MAIL = "mail"
    LANDING_PAGE = "landing_page"
    FORM = "form"
    DOCUMENT = "document"


LETTERS: dict[str, str] = {
    Kind.SCENARIO: "S",
    Kind.SEGMENT: "G",
    Kind.MAIL: "M",
    Kind.LANDING_PAGE: "L",
    Kind.FORM: "F",
    Kind.DOCUMENT: "D",
}


class Content(models.Model):
    """A content with its draft. `draft_revision` rises with each save: two editors never overwrite silently."""

    kind = models.CharField(max_length=20, choices=Kind.choices)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    draft = models.JSONField(default=dict)
    draft_revision = models.PositiveIntegerField(default=1)
    draft_saved_at = models.DateTimeField()
    draft_saved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "contents_content"
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="contents_number"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="contents_kind"),
        ]

    @property
    def public_id(self) -> str:
        """Such as S-12."""
        return f"{LETTERS[self.kind]}-{self.number}"

    def __str__(self) -> str:
        return f"{self.public_id} {self.name}"


class Version(models.Model):
    """An immutable state of a content. UPDATE and DELETE are refused by triggers.

    `hash` is SHA-256 over the canonical JSON of name and body; keeping the same body again gives the same version.
    """

    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    body = models.JSONField()
    hash = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "contents_version"
        constraints = [
            models.UniqueConstraint(fields=["content", "number"], name="contents_version_number"),
            models.UniqueConstraint(fields=["content", "hash"], name="contents_version_once"),
        ]

    @property
    def public_id(self) -> str:
        """Such as S-12 v3."""
        return f"{self.content.public_id} v{self.number}"

    def __str__(self) -> str:
        return self.public_id


class Use(models.Model):
    """One version uses another: the edges that a bill of materials is made of."""

    user_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="uses")
    used_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        db_table = "contents_use"
        constraints = [models.UniqueConstraint(fields=["user_version", "used_version"], name="contents_use_once")]

    def __str__(self) -> str:
        return f"{self.user_version_id} → {self.used_version_id}"


class DraftRevision(models.Model):
    """The draft as it stood after one person's saves of a few minutes: who changed what, and when.

    `first_revision` to `last_revision` are the saves that the row stands for; `draft` is as the last of them left it.
    `aside` rows never were the draft: what somebody had written when another had saved first, and did not choose.
    """

    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="revisions")
    first_revision = models.PositiveIntegerField()
    last_revision = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    draft = models.JSONField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by_label = models.CharField(max_length=200)  # with the API key or the command line, where it came that way
    aside = models.BooleanField(default=False)

    class Meta:
        db_table = "contents_draft_revision"
        indexes = [models.Index(fields=["content", "-last_revision"], name="contents_revision_newest")]

    def __str__(self) -> str:
        return f"{self.content_id} r{self.last_revision}"


class Editing(models.Model):
    """Somebody has the editor of a content open; `seen_at` is when the page last said so. One row a tab."""

    content = models.ForeignKey(Content, on_delete=models.CASCADE, related_name="editing")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    tab = models.CharField(max_length=40)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "contents_editing"
        constraints = [models.UniqueConstraint(fields=["content", "user", "tab"], name="contents_editing_once")]

    def __str__(self) -> str:
        return f"{self.content_id} by {self.user_id}"


class Freeze(models.Model):
    """While `lifted_at` is empty the content refuses every change, by any door (G7). `by_incident` is such as I-3."""

    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="freezes")
    by_incident = models.CharField(max_length=20)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "contents_freeze"
        indexes = [
            models.Index(fields=["content"], condition=models.Q(lifted_at=None), name="contents_freeze_open"),
        ]

    def __str__(self) -> str:
        return f"{self.content_id} by {self.by_incident}"

"""Publication, and the ways of people through flows."""

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
    # Of a broadcast; a flow's contents are the versions that its version uses.
    segment_version = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="+")
    mail_version = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="+")
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
    looked_at = models.DateTimeField(null=True)  # when a flow last looked for people to enter

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

    @property
    def mail(self) -> Version:
        """What a broadcast sends."""
        assert self.mail_version is not None
        return self.mail_version

    @property
    def segment(self) -> Version:
        """To whom a broadcast goes."""
        assert self.segment_version is not None
        return self.segment_version


class Enrolment(models.Model):
    """A person's way through a flow: where they are, since when, and when they go on.

    Waiting costs nothing but the row: `due_at` says when the node's work is to be done. `step` counts the nodes that
    they have left behind; each has its `Visit`. `verdict` is the branch that a decision has already taken; `skipping`
    that what falls due is left out until the next wait (G8).
    """

    class State(models.TextChoices):
        WALKING = "walking"
        DONE = "done"  # came to an end of the flow
        LEFT = "left"  # by the goal, an exit, a person, deletion: `why`
        FAILED = "failed"  # a step could not be done for this person

    scenario = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact_id = models.BigIntegerField()
    round = models.PositiveSmallIntegerField(default=1, db_default=1)  # how often they have entered
    state = models.CharField(max_length=8, choices=State.choices, default=State.WALKING, db_default=State.WALKING)
    node = models.CharField(max_length=12)
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    entered_at = models.DateTimeField()
    arrived_at = models.DateTimeField()
    due_at = models.DateTimeField()
    verdict = models.CharField(max_length=3, blank=True, default="", db_default="")
    skipping = models.BooleanField(default=False, db_default=False)
    why = models.CharField(max_length=40, blank=True, default="", db_default="")

    class Meta:
        db_table = "scenarios_enrolment"
        constraints = [
            models.UniqueConstraint(fields=["contact_id", "scenario", "round"], name="scenarios_enrolment_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["walking", "done", "left", "failed"]), name="scenarios_enrolment_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["scenario", "node", "due_at", "id"],
                condition=models.Q(state="walking"),
                name="scenarios_enrolment_due",
            ),
        ]


class Visit(models.Model):
    """A node that a person has left behind: when, by which branch, with what outcome. Only added to; one per step."""

    pk = models.CompositePrimaryKey("enrolment_id", "step")
    enrolment_id = models.BigIntegerField()
    step = models.PositiveSmallIntegerField()
    node = models.CharField(max_length=12)
    branch = models.CharField(max_length=3, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=20, blank=True, default="", db_default="")  # done, skipped, capped …
    publication_id = models.BigIntegerField()
    arrived_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        db_table = "scenarios_visit"


class NodeTally(models.Model):
    """How many have left a node behind, by branch and outcome: figures without counting millions. Several rows a key, so
    that workers don't wait for each other."""

    pk = models.CompositePrimaryKey("scenario_id", "node", "branch", "outcome", "slot")
    scenario = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="+", db_index=False)
    node = models.CharField(max_length=12)
    branch = models.CharField(max_length=3)
    outcome = models.CharField(max_length=20)
    slot = models.PositiveSmallIntegerField()
    people = models.BigIntegerField()

    class Meta:
        db_table = "scenarios_node_tally"


class Watch(models.Model):
    """What running flows listen to: a kind of signal and its subject (a tag's id, a mail's number, a field)."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=60)

    class Meta:
        db_table = "scenarios_watch"
        indexes = [models.Index(fields=["kind", "subject"], name="scenarios_watch_of")]


class Signal(models.Model):
    """Something that a running flow listens to has happened to a contact; taken once, then gone."""

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=60)
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "scenarios_signal"
        indexes = [models.Index(fields=["publication", "id"], name="scenarios_signal_next")]


class NodeDispatch(models.Model):
    """The dispatch by which a mail node sends: one for each version of its mail and each round of entering, so that
    nobody gets it twice in one round (G1)."""

    scenario = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="+")
    node = models.CharField(max_length=12)
    dispatch_id = models.BigIntegerField(unique=True)

    class Meta:
        db_table = "scenarios_node_dispatch"


class Member(models.Model):
    """Who was in a segment at the last look of a flow that people enter by entering or leaving it."""

    pk = models.CompositePrimaryKey("publication_id", "contact_id")
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact_id = models.BigIntegerField()

    class Meta:
        db_table = "scenarios_member"

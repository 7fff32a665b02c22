"""Relay, RelayPace, SendingWindow, SendingDomain, DkimKey, SenderCheck, Dispatch, LedgerRow, Sender, Stop, HeldMail."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tashika.accounts.models import User
from tashika.contents.models import Version
from tashika.delivery import states


class Relay(models.Model):
    """An SMTP server that takes our mail. Until one is confirmed the practice relay is all there is (G11)."""

    class Security(models.TextChoices):
        NONE = "none"
        STARTTLS = "starttls"
        TLS = "tls"

    name = models.CharField(max_length=100)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.STARTTLS)
    verify_certificate = models.BooleanField(default=True)
    username = models.CharField(max_length=200, blank=True)
    password_sealed = models.BinaryField(blank=True, default=b"")
    connections = models.PositiveSmallIntegerField(default=5)
    per_hour = models.PositiveIntegerField(null=True)  # no more mails an hour than this; empty: as fast as it takes
    carrier_pace = models.JSONField(default=dict)  # receiving side (`pace.CARRIERS`) -> mails an hour, at most
    on_this_host = models.BooleanField(default=False, db_default=False)  # the Postfix of the senders' own host
    credit_seconds = models.PositiveSmallIntegerField(default=5, db_default=5)  # see `relay_queue.credit`
    queue_error = models.CharField(max_length=500, blank=True, default="", db_default="")  # why its queue can't be used
    practice = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True)
    is_default = models.BooleanField(default=False)
    last_error = models.CharField(max_length=500, blank=True)  # why the last connection failed; empty after a good one
    last_error_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)  # it refuses our login: nothing is tried before
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_relay"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="delivery_one_default_relay"
            ),
            models.UniqueConstraint(
                fields=["practice"], condition=models.Q(practice=True), name="delivery_one_practice_relay"
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(confirmed_at__isnull=False) | models.Q(practice=True),
                name="delivery_default_relay_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RelayPace(models.Model):
    """When the next mail of a relay may begin, over all senders: its limit per hour is drawn from here (`sql/draw.sql`)."""

    relay = models.OneToOneField(Relay, primary_key=True, on_delete=models.CASCADE, related_name="+")
    next_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_pace"


class SendingWindow(models.Model):
    """The one row of the hours in which bulk leaves; see `sending_window`. `days`: seven marks from Monday on."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    limited = models.BooleanField(default=False)
    begins = models.PositiveSmallIntegerField(default=9)
    ends = models.PositiveSmallIntegerField(default=18)
    days = models.CharField(max_length=7, default="1111100")
    holidays = models.BooleanField(default=False)

    class Meta:
        db_table = "delivery_sending_window"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="delivery_one_sending_window")]


class SendingDomain(models.Model):
    """A domain that stands in our mails' From (差出人ドメイン)."""

    name = models.CharField(max_length=253, unique=True)  # ASCII form, lower case
    outgoing_addresses = models.CharField(max_length=500, blank=True)  # IPs that mail leaves from; empty: the relay's
    check_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_sending_domain"

    def __str__(self) -> str:
        return self.name


class DkimKey(models.Model):
    """A key pair that signs a domain's mails, from its making over its use to its retirement, which wipes the secret."""

    class Algorithm(models.TextChoices):
        RSA2048 = "rsa2048", "RSA-2048"
        ED25519 = "ed25519", "Ed25519"

    domain = models.ForeignKey(SendingDomain, on_delete=models.PROTECT, related_name="keys")
    selector = models.CharField(max_length=63)
    algorithm = models.CharField(max_length=10, choices=Algorithm.choices)
    private_sealed = models.BinaryField()
    public = models.BinaryField()  # as the DNS record carries it, before base64
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    unseen = models.BooleanField(default=False)  # activated by a person's word before the DNS showed the record
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_dkim_key"
        constraints = [
            models.UniqueConstraint(fields=["domain", "selector"], name="delivery_dkim_selector"),
            models.UniqueConstraint(
                fields=["domain", "algorithm"],
                condition=models.Q(activated_at__isnull=False, retired_at=None),
                name="delivery_dkim_one_active",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at=None) | models.Q(private_sealed=b""), name="delivery_dkim_retired_wiped"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain.name}"

    @property
    def state(self) -> str:
        """`made`, `active` or `retired`."""
        if self.retired_at:
            return "retired"
        return "active" if self.activated_at else "made"


class SenderCheck(models.Model):
    """What a check of a sending domain found, kept with its time. `findings`: see `sender_check.findings`."""

    domain = models.ForeignKey(SendingDomain, on_delete=models.PROTECT, related_name="checks")
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    findings = models.JSONField()

    class Meta:
        db_table = "delivery_sender_check"
        indexes = [models.Index(fields=["domain", "-id"], name="delivery_sender_check_newest")]


class Dispatch(models.Model):
    """One reason for sending one mail version to many: the unit that is stopped.

    `reason` is an opaque label of whoever handed it down, such as `publication:12`. A stop changes `state` and raises
    `epoch`: what is queued is stopped by that, however many rows there are, without touching them; a claim of an older
    epoch may not begin any more.
    """

    class State(models.TextChoices):
        PLANNING = "planning"
        SENDING = "sending"
        STOPPED = "stopped"
        FINISHED = "finished"

    reason = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    mail_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    relay = models.ForeignKey(Relay, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices)
    epoch = models.PositiveIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(default=5, db_default=5)  # 1 goes first: tests, apologies; 5 is bulk
    commercial = models.BooleanField(default=True)  # 特定電子メール法: goes only to those who have agreed
    to_staff = models.BooleanField(default=False, db_default=False)  # notices (お知らせメール) to our own people
    organisation = models.JSONField(default=dict)  # its name and address as they were: the footer's words (G6)
    pauses = models.PositiveSmallIntegerField(default=0, db_default=0)  # how often in a row; see `pausing`
    paused_until = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=500, blank=True, default="", db_default="")
    give_up_at = models.DateTimeField()  # temporary refusals are tried again until then
    planned = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_dispatch"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["planning", "sending", "stopped", "finished"]),
                name="delivery_dispatch_state",
            )
        ]

    def __str__(self) -> str:
        return f"dispatch:{self.pk}"


class LedgerRow(models.Model):
    """One planned mail: written and committed before anything leaves (G1, G4). States move one way; see `states`.

    It is for a contact; or, in a dispatch to staff, a notice for the user `staff_id` about the contact `about_id`, which is none
    of that contact's mails: `contact_id` is empty.

    `stopped` is not stored: it is `queued` in a dispatch that is stopped. `contact_id` is no foreign key, so that the
    evidence outlives the contact. No index names `state`, so that the moves of the hot path stay on the row's own page
    (PostgreSQL's HOT updates); what is not as usual has `exception`, which an index finds.
    """

    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact_id = models.BigIntegerField(null=True)
    about_id = models.BigIntegerField(null=True)
    staff_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=254)
    address_key = models.CharField(max_length=254)
    address_hash = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10)  # see `states`
    why = models.CharField(max_length=40, default="", db_default="")  # reason of excluded
    message_id = models.UUIDField()  # Message-ID is <uuid@domain>, fixed before the first attempt
    merge_values = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    claim = models.BigIntegerField(null=True)  # id of the Claim that has it in hand, or had it last
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=500, default="", db_default="")  # the server's words
    body_hash = models.BinaryField(max_length=32, null=True)
    exception = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=states.EXCEPTIONS, then=models.F("state")), default=models.Value(None)
        ),
        output_field=models.CharField(max_length=10, null=True),
        db_persist=True,
    )

    class Meta:
        db_table = "delivery_ledger"
        constraints = [
            models.UniqueConstraint(fields=["contact_id", "dispatch"], name="delivery_once_per_contact"),
            models.UniqueConstraint(
                fields=["dispatch", "address_key"],
                condition=models.Q(models.Q(exception=None) | ~models.Q(exception="excluded"), staff_id=None),
                name="delivery_once_per_address",
            ),
            models.UniqueConstraint(
                fields=["dispatch", "about_id", "staff_id"],
                condition=models.Q(staff_id__isnull=False),
                name="delivery_once_per_notice",
            ),
            models.CheckConstraint(
                condition=models.Q(contact_id__isnull=False, about_id=None, staff_id=None)
                | models.Q(contact_id=None, about_id__isnull=False, staff_id__isnull=False),
                name="delivery_ledger_for_whom",
            ),
            models.CheckConstraint(condition=models.Q(state__in=list(states.STATES)), name="delivery_ledger_state"),
        ]
        indexes = [
            models.Index(fields=["dispatch", "id"], name="delivery_ledger_dispatch"),
            models.Index(
                fields=["dispatch", "exception", "id"],
                condition=models.Q(exception__isnull=False),
                name="delivery_ledger_exception",
            ),
        ]

    @property
    def contact(self) -> int:
        """The id of the contact that it is for. Raises ValueError for a notice to staff, which is no contact's mail."""
        if self.contact_id is None:
            raise ValueError("a notice to staff is no contact's mail")
        return int(self.contact_id)


class Queued(models.Model):
    """A ledger row that waits for a sender: from when on. `row_id` is the ledger row's id."""

    row_id = models.BigIntegerField(primary_key=True)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="+", db_index=False)
    due_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_queue"
        indexes = [models.Index(fields=["dispatch", "due_at", "row_id"], name="delivery_queue_due")]


class Claim(models.Model):
    """Rows that a sender has taken in one go. Its id is the token that fences results: a row believes only the claim
    that has it in hand. `rows` are those that may be in hand; null once all have ended."""

    sender = models.ForeignKey("Sender", on_delete=models.PROTECT, related_name="+", db_index=False)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="+", db_index=False)
    epoch = models.PositiveIntegerField()
    at = models.DateTimeField()
    rows = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        db_table = "delivery_claim"
        indexes = [
            models.Index(
                fields=["dispatch", "sender"], condition=models.Q(rows__isnull=False), name="delivery_claim_open"
            )
        ]


class Tally(models.Model):
    """How many rows of a dispatch are in a state, kept by the database at every change of the ledger, in a few slots so
    that senders don't wait for each other: the figure is the sum over them."""

    pk = models.CompositePrimaryKey("dispatch_id", "state", "slot")
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10)
    slot = models.PositiveSmallIntegerField()
    rows = models.BigIntegerField()
    first_begun_at = models.DateTimeField(null=True)
    last_begun_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_tally"


class Sender(models.Model):
    """A sender process. It may send only until `permit_until`, which it renews against the database (G3)."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=100)
    home = models.ForeignKey("SenderHost", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    permit_until = models.DateTimeField()
    seen_stop = models.BigIntegerField(default=0)  # id of the newest Stop that it has answered
    ended_at = models.DateTimeField(null=True)
    says = models.JSONField(default=dict, db_default={})  # see `counting.says`

    class Meta:
        db_table = "delivery_sender"
        indexes = [models.Index(fields=["id"], condition=models.Q(ended_at=None), name="delivery_sender_live")]


class Arming(models.Model):
    """What this installation is armed for (G13): the one row says on which database and timeline senders may work.

    `place` is what `delivery_place()` said then: system identifier, timeline, and the ids that the database and this
    table have in it. From `unarmed_since` on nobody gets a permit until a person arms again; `why` are codes of
    `arming.reasons`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    place = models.CharField(max_length=80)
    armed_at = models.DateTimeField(null=True)
    armed_by = models.CharField(max_length=200, blank=True)
    unarmed_since = models.DateTimeField(null=True)
    why = ArrayField(models.CharField(max_length=30), default=list)

    class Meta:
        db_table = "delivery_arming"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="delivery_one_arming")]


class SenderHost(models.Model):
    """A host that senders work on: one data folder on one machine. It may send while `armed_at` is set.

    `counter` is raised at each renewal of a permit; the host remembers it. A database that says less than a host
    remembers was put back. `remembered` and `compared` are what the host last said while it was not armed: the count
    it remembers, and what became of its journals.
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    born = models.CharField(max_length=30)  # how it came: first, new, copied, other_machine, other_folder
    copy_of = models.UUIDField(null=True)
    counter = models.BigIntegerField(default=0)
    remembered = models.BigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    armed_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)  # a person said that its journals will not come any more
    compared_at = models.DateTimeField(null=True)
    compared = models.JSONField(default=dict)  # what the comparing found: counts

    class Meta:
        db_table = "delivery_host"

    def __str__(self) -> str:
        return f"{self.name} ({str(self.pk)[:8]})"


class Unmatched(models.Model):
    """A body that a journal says was handed over, of which the ledger has no row any more. Whoever plans or claims the
    same reason for the same address again leaves it out (G1)."""

    message_id = models.UUIDField(primary_key=True)
    row_id = models.BigIntegerField()
    dispatch_id = models.BigIntegerField()  # as it was numbered then
    reason = models.CharField(max_length=60)  # of the dispatch; the same reason is the same mail
    address_hash = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10)
    reply = models.CharField(max_length=500, blank=True)
    host = models.ForeignKey(SenderHost, on_delete=models.PROTECT, related_name="+", db_index=False)
    sender = models.UUIDField()
    left_by = models.DateTimeField()  # the journal was written until then
    found_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_unmatched"
        indexes = [models.Index(fields=["reason", "address_hash"], name="delivery_unmatched_address")]


class Stop(models.Model):
    """A press: of one dispatch, or of everything where `dispatch` is empty (緊急停止).

    `answered_at` is set once every live sender has answered or its permit has run out: from then on nothing begins.
    """

    dispatch = models.ForeignKey(Dispatch, null=True, on_delete=models.PROTECT, related_name="+")
    pressed_at = models.DateTimeField()
    pressed_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    last_begun_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)

    class Meta:
        db_table = "delivery_stop"


class QueueLook(models.Model):
    """What a stop found in the queue of a host's Postfix. `figures`: dispatch -> `handed_over` (accepted by then), `held`
    and `under_way`. What is under way, named by queue ids, Postfix had begun to deliver and finishes; `ended_at` is empty
    while there is such."""

    stop = models.ForeignKey(Stop, on_delete=models.PROTECT, related_name="+")
    host = models.ForeignKey(SenderHost, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)
    under_way = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "delivery_queue_look"
        constraints = [models.UniqueConstraint(fields=["stop", "host"], name="delivery_one_look")]


class HeldMail(models.Model):
    """A mail that the relay had taken and that a stop put on hold in its queue. `row_id` is the ledger row's id; `wish` is
    what a person wants done with it, until the host has done it."""

    class State(models.TextChoices):
        HELD = "held"
        RELEASED = "released"
        DELETED = "deleted"  # it never leaves
        GONE = "gone"  # another hand than ours moved it: it may have arrived

    class Wish(models.TextChoices):
        NONE = ""
        RELEASE = "release"
        DELETE = "delete"

    row_id = models.BigIntegerField(primary_key=True)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="+", db_index=False)
    host = models.ForeignKey(SenderHost, on_delete=models.PROTECT, related_name="+", db_index=False)
    queue_id = models.CharField(max_length=40)
    held_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices)
    changed_at = models.DateTimeField()
    wish = models.CharField(max_length=10, choices=Wish.choices, blank=True)
    wished_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "delivery_held_mail"
        indexes = [
            models.Index(fields=["dispatch", "row_id"], name="delivery_held_dispatch"),
            models.Index(fields=["host"], condition=models.Q(state="held"), name="delivery_held_now"),
        ]


class EmergencyStop(models.Model):
    """All sending of the organisation is stopped while `released_at` is empty. No stop ever expires (G14)."""

    stopped_at = models.DateTimeField()
    stopped_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "delivery_emergency_stop"
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(released_at=None), name="delivery_one_emergency_stop"
            )
        ]


class CaughtMail(models.Model):
    """A mail that the practice-mode catcher took instead of the outside world."""

    at = models.DateTimeField()
    sender = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=500)
    message = models.BinaryField()

    class Meta:
        db_table = "delivery_caught_mail"
        indexes = [models.Index(fields=["recipient"], name="delivery_caught_recipient")]

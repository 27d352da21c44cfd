"""Conversations, claims, messages and receipts: the rows that decide everything in the inbox.

The constraints here are the invariants of ARCHITECTURE.md; those that Django cannot express are in the migration
`inbox/migrations/0003_invariants.py`.
"""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership, PhoneNumber, TenantModel
from phonebook.models import Contact
from templates_wa.models import Template

SERVICE_WINDOW = timedelta(hours=24)
TEXT_LIMIT = 4096  # characters of a text message (Meta, Send messages, 2025-12)


class Broadcast(TenantModel):
    """One mass message, as the inbox sees it: the name that groups its threads under Marketing.

    Its outgoing messages are those sent for it, its incoming ones the customers' answers; every figure counts those.
    """

    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=120)
    template_name = models.CharField(max_length=512)
    started_by = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    started = models.DateTimeField(null=True)  # null: not sent yet, so not under Marketing either
    # How many people it was sent to. A trigger adds to it (0006_marketing_tab); nobody else writes it, and a `save()`
    # of a broadcast names its `update_fields`.
    people = models.IntegerField(default=0, db_default=0)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                "workspace",
                models.F("started").desc(),
                models.F("id").desc(),
                condition=models.Q(started__isnull=False),
                name="inbox_broadcast_newest",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Conversation(TenantModel):
    """The one thread between a PhoneNumber and a Contact."""

    class State(models.TextChoices):
        OUTBOUND = "outbound", _("Outbound")
        UNCLAIMED = "unclaimed", _("Unclaimed")
        CLAIMED = "claimed", _("Claimed")
        CLOSED = "closed", _("Closed")

    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNCLAIMED)
    claim = models.ForeignKey(
        "Claim", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    holder = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    # Grows with every change of state or holder; a reply written against an older one is held for confirmation.
    claim_version = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    last_message = models.ForeignKey(
        "Message", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    last_at = models.DateTimeField(default=timezone.now)
    # From WhatsApp's own timestamp of the customer's last message, not from when the webhook arrived.
    window_expires = models.DateTimeField(null=True)
    # The mass message that the customer answered last; shown until the conversation is closed.
    pinned = models.ForeignKey(
        Broadcast, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "contact"], name="inbox_conversation_one_per_contact"),
            models.CheckConstraint(
                condition=models.Q(state="claimed", claim__isnull=False, holder__isnull=False)
                | (~models.Q(state="claimed") & models.Q(claim__isnull=True, holder__isnull=True)),
                name="inbox_conversation_claimed_has_claim",
            ),
        ]
        indexes = [
            models.Index(
                "workspace", "state", models.F("last_at").desc(), models.F("id").desc(), name="inbox_conv_tab"
            ),
            models.Index(
                "workspace",
                "holder",
                models.F("last_at").desc(),
                models.F("id").desc(),
                condition=models.Q(state="claimed"),
                name="inbox_conv_mine",
            ),
            models.Index(
                "number", "state", models.F("last_at").desc(), models.F("id").desc(), name="inbox_conv_number"
            ),
            models.Index("contact", name="inbox_conv_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.number_id}: {self.state}"

    def window_open(self, now: datetime | None = None) -> bool:
        """Whether free text may still be sent."""
        return self.window_expires is not None and self.window_expires > (now or timezone.now())


class Claim(TenantModel):
    """One period in which one agent owns a conversation. At most one is open per conversation (partial unique)."""

    class Outcome(models.TextChoices):
        UNCLAIMED = "unclaimed", pgettext_lazy("claim outcome", "Unclaimed")
        RETURNED = "returned", _("Returned to Unclaimed by an admin")
        TRANSFERRED = "transferred", _("Transferred")
        CLOSED = "closed", pgettext_lazy("claim outcome", "Closed")
        RELEASED = "released", _("Released when the member left")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="claims", db_constraint=False, db_index=False
    )
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    started = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(ended__isnull=True), name="inbox_claim_one_open"
            )
        ]
        indexes = [
            models.Index(
                fields=["member"], condition=models.Q(ended__isnull=True), name="inbox_claim_open_of"
            )
        ]


class Message(TenantModel):
    """One message of a thread. An outgoing row in state queued *is* the outbox; nothing else is sent."""

    class Status(models.IntegerChoices):
        """Ordered: what is shown never goes back (a trigger refuses it from SENT on).

        FAILED ranks below DELIVERED, because a receipt that it arrived proves an earlier failure wrong. PUT_OFF is
        a campaign's message that was not accepted yet: not in the outbox, its campaign takes it up again. HELD was
        accepted, but WhatsApp holds it until it knows how the first receivers like the template (pacing).
        """

        QUEUED = 1, _("Queued")
        SENDING = 2, _("Sending")
        PUT_OFF = 3, _("Put off")
        UNCONFIRMED = 5, _("Unconfirmed")
        HELD = 8, _("Held by WhatsApp")
        SENT = 10, _("Sent")
        FAILED = 20, _("Failed")
        DELIVERED = 30, _("Delivered")
        READ = 40, _("Read")
        PLAYED = 50, _("Played")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_constraint=False, db_index=False
    )
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    outgoing = models.BooleanField()
    kind = models.CharField(
        max_length=64, default="text"
    )  # WhatsApp's own `type`, also one we do not know yet
    body = models.TextField(blank=True)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    wamid = models.CharField(max_length=512, null=True)  # noqa: DJ001  null: not accepted by Meta yet
    context_wamid = models.CharField(max_length=512, blank=True)
    # Outgoing: the mass message it is part of. Incoming: the mass message it answers (see receiving.py).
    broadcast = models.ForeignKey(
        Broadcast, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)

    # Outgoing only
    sender = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    # Kind "template": what must be approved at the moment of sending. payload has what was filled in and what the
    # customer sees: {"values": {slot: text}, "shown": {…}, "category": "MARKETING"} (templates_wa/definition.py).
    template = models.ForeignKey(
        Template, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    status = models.SmallIntegerField(null=True, choices=Status.choices)
    # status while it is QUEUED or SENDING, else null. The outbox's indexes name this column and not `status`, so that
    # a receipt, which comes three times a message, rewrites no index (a heap-only update).
    outbox = models.GeneratedField(
        expression=models.Case(
            models.When(models.Q(status__in=[1, 2]), then=models.F("status")),
            output_field=models.SmallIntegerField(null=True),
        ),
        output_field=models.SmallIntegerField(null=True),
        db_persist=True,
    )
    error_code = models.IntegerField(null=True)
    error_details = models.TextField(blank=True)
    request_id = models.UUIDField(null=True)  # one submit of the form, however often it arrives
    attempt = models.SmallIntegerField(default=0)
    due = models.DateTimeField(default=timezone.now)  # queued: not before; sending: lease; unconfirmed: since
    retry_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    # Not columns: what inbox/queries.py attaches for the thread.
    quote: "Message | None" = None
    starts_run: bool = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "wamid"], name="inbox_message_wamid"),
            # Partial: few messages come from a form, and the others need not be written into its index.
            models.UniqueConstraint(
                fields=["workspace", "request_id"],
                condition=models.Q(request_id__isnull=False),
                name="inbox_message_request",
            ),
            models.UniqueConstraint(
                fields=["retry_of"],
                condition=models.Q(retry_of__isnull=False),
                name="inbox_message_one_retry",
            ),
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(outbox=2), name="inbox_message_one_sending"
            ),
            models.CheckConstraint(
                condition=models.Q(outgoing=models.Q(status__isnull=False)),
                name="inbox_message_status_is_outgoing",
            ),
        ]
        indexes = [
            models.Index(
                "conversation", models.F("at").desc(), models.F("id").desc(), name="inbox_message_thread"
            ),
            models.Index(
                "conversation", "id", condition=models.Q(outbox__isnull=False), name="inbox_message_queue"
            ),
            models.Index("due", condition=models.Q(outbox__isnull=False), name="inbox_message_due"),
            models.Index(
                "broadcast",
                models.F("id").desc(),
                condition=models.Q(broadcast__isnull=False),
                name="inbox_message_broadcast",
            ),
            # Who answered a mass message. `workspace` for row-level security, or each answer would be looked up.
            models.Index(
                fields=["broadcast", "conversation"],
                include=["workspace"],
                condition=models.Q(broadcast__isnull=False, outgoing=False),
                name="inbox_message_answers",
            ),
        ]


class Receipt(TenantModel):
    """One status event about an outgoing message, as WhatsApp reported it. Append-only."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="receipts", db_constraint=False, db_index=False
    )
    status = models.SmallIntegerField(choices=Message.Status.choices)
    at = models.DateTimeField()
    code = models.IntegerField(null=True)
    details = models.TextField(blank=True)
    pricing = models.JSONField(null=True)  # raw: what is billed is Meta's to say, never inferred

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "status"], name="inbox_receipt_once")]


class SystemLine(TenantModel):
    """A quiet line in the thread: who claimed, unclaimed, transferred or closed, and when."""

    class Kind(models.TextChoices):
        CLAIMED = "claimed", _("claimed")
        REOPENED = "reopened", _("reopened")
        UNCLAIMED = "unclaimed", _("unclaimed")
        RETURNED = "returned", _("returned")
        TRANSFERRED = "transferred", _("transferred")
        CLOSED = "closed", _("closed")
        RELEASED = "released", _("released")
        STARTED = "started", _("started")  # by the business, with a template
        OPTED_OUT = "opted_out", _("opted out")  # of marketing
        OPTED_IN = "opted_in", _("opted in")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="lines", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    target = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index("conversation", "at", name="inbox_systemline_thread")]


class Tally(TenantModel):
    """How many conversations are where. A trigger appends differences, a task folds them; the sum is always exact.

    Appending keeps writers from queueing on one counter row per workspace.
    """

    number = models.ForeignKey(
        PhoneNumber, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10)
    holder = models.ForeignKey(
        Membership, null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index("workspace", name="inbox_tally_workspace")]


class Outreach(TenantModel):
    """When the business last wrote to a contact outside a service window: what WhatsApp's messaging limit counts.

    Unique people per rolling 24 hours and business portfolio (Meta, Messaging limits, 2026-09).
    """

    portfolio_id = models.CharField(max_length=32)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "portfolio_id", "contact"], name="inbox_outreach_once"
            )
        ]
        indexes = [models.Index(fields=["workspace", "portfolio_id", "at"], name="inbox_outreach_lately")]

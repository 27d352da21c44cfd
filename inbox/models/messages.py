"""Messages, both ways, and what WhatsApp reported about them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, PhoneNumber, TenantModel
from inbox.models.broadcasts import Broadcast
from inbox.models.conversations import Conversation
from templates_wa.models import Template

TEXT_LIMIT = 4096  # characters of a text message (Meta, Send messages, 2025-12)


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

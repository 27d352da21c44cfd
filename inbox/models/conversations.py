"""Conversations, who owns them, what happened to them, and how many are where."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership, PhoneNumber, TenantModel
from inbox.models.broadcasts import Broadcast
from phonebook.models import Contact

SERVICE_WINDOW = timedelta(hours=24)


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

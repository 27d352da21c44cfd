"""The plan behind a mass message: a campaign, the lists it goes to, and one frozen row per person."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership, PhoneNumber, TenantModel
from inbox.models import Broadcast, Message
from phonebook.models import Contact, List
from templates_wa.models import Template


class Campaign(TenantModel):
    """Lists × template × number. Its figures are never kept here: they are counted from its broadcast's messages."""

    class State(models.TextChoices):
        CHECKING = "checking", _("Checking the recipients")  # the snapshot is being made
        READY = "ready", _("Ready to send")  # the snapshot is frozen; a person decides
        SCHEDULED = "scheduled", _("Scheduled")
        RUNNING = "running", _("Sending")
        PAUSED = "paused", _("Paused")
        DONE = "done", pgettext_lazy("campaign", "Sent")  # nobody is left to write to
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", pgettext_lazy("campaign", "Failed")  # the snapshot could not be made

    broadcast = models.OneToOneField(
        Broadcast, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    request_id = models.UUIDField()  # one submit of the form, however often it arrives
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    # Why it is paused or failed: a code of reasons.py and its argument, or a number's or template's trouble.
    reason = models.CharField(max_length=40, blank=True)
    reason_detail = models.CharField(max_length=500, blank=True)
    # slot key → {"kind": "text" | "field" | "column", "value": "…", "otherwise": "…"}; a media slot has kind "text"
    variables = models.JSONField(default=dict)
    starts = models.DateTimeField(null=True)  # scheduled for; null: as soon as it is launched
    spread_seconds = models.IntegerField(
        default=0
    )  # over how long the sending is spread; 0: as fast as allowed
    launched = models.DateTimeField(null=True)
    launched_by = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    finished = models.DateTimeField(null=True)
    # Nothing more leaves before then (an allowance used up, a quiet number), and why it waits.
    hold_until = models.DateTimeField(null=True)
    hold_reason = models.CharField(max_length=40, blank=True)
    lease = models.DateTimeField(null=True)  # somebody makes the snapshot until then
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "request_id"], name="campaigns_campaign_request")
        ]
        indexes = [
            models.Index("workspace", models.F("id").desc(), name="campaigns_campaign_newest"),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["checking", "scheduled", "running"]),
                name="campaigns_campaign_at_work",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}: {self.state}"


class Language(TenantModel):
    """The template of a campaign in one language; people whose language has none get the first."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="languages", db_constraint=False, db_index=False
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    position = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "template"], name="campaigns_language_once")
        ]


class Audience(TenantModel):
    """A list that a campaign goes to, or one whose members are left out."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="audience", db_constraint=False, db_index=False
    )
    list = models.ForeignKey(
        List, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    excluded = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "list"], name="campaigns_audience_once")]


class Skip(models.IntegerChoices):
    """Why somebody on the lists gets nothing. Decided when the snapshot is made, or again when it is their turn."""

    OPTED_OUT = 1, _("Opted out of marketing")
    NO_CONSENT = 2, _("No recorded opt-in")
    BLOCKED = 3, _("Blocked")
    NO_ADDRESS = 4, _("No valid number")
    DUPLICATE = 5, _("The same person is on the lists already")
    MISSING = 6, _("A value for the template is missing")
    CHARACTERS = 7, _("A value has a line break, a tab or more than four spaces in a row")
    TOO_LONG = 8, _("A value is too long")
    CAPPED = 9, _("WhatsApp asked for a pause with this person")  # 131049, lately
    MERGED = 10, _("Merged into another contact")


class Recipient(TenantModel):
    """One person of a campaign, frozen. `state` only grows, but for a retry that a person asked for."""

    class State(models.IntegerChoices):
        READY = 0, _("Waiting")  # or put off: then `message` is there already
        HANDED = 1, _("Handed over")  # there is a message, whose status tells the rest
        SKIPPED = 2, _("Skipped")

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="recipients", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    template = models.ForeignKey(  # in the language of this person; null where there was none to fill in
        Template, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    values = models.JSONField(default=dict)  # slot key → text, as it will be sent
    state = models.SmallIntegerField(choices=State.choices, default=State.READY)
    skip = models.SmallIntegerField(null=True, choices=Skip.choices)
    due = models.DateTimeField(default=timezone.now)
    message = models.ForeignKey(
        Message, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="campaigns_recipient_once"),
            models.UniqueConstraint(
                fields=["message"],
                condition=models.Q(message__isnull=False),
                name="campaigns_recipient_message",
            ),
            models.CheckConstraint(
                condition=models.Q(state=2, skip__isnull=False)
                | (~models.Q(state=2) & models.Q(skip__isnull=True)),
                name="campaigns_recipient_skipped_has_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=1) | models.Q(message__isnull=False),
                name="campaigns_recipient_handed_has_message",
            ),
        ]
        indexes = [
            models.Index(
                "campaign", "due", "id", condition=models.Q(state=0), name="campaigns_recipient_waiting"
            ),
            models.Index(
                "campaign", "skip", "id", condition=models.Q(state=2), name="campaigns_recipient_skipped"
            ),
        ]

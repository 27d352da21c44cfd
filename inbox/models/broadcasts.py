"""Mass messages as the inbox sees them, and whom the business wrote to outside a service window."""

from django.db import models
from django.utils import timezone

from accounts.models import Membership, PhoneNumber, TenantModel
from phonebook.models import Contact


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

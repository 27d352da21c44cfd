"""What Meta sent: one row per POST, raw, and one per item inside. No tenant ever reads these."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Delivery(models.Model):
    """One webhook POST as received: written before the 200 is sent, kept for replay."""

    received = models.DateTimeField(db_default=Now())
    body = models.BinaryField()
    drained = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index("id", condition=models.Q(drained__isnull=True), name="webhooks_delivery_waiting"),
        ]


class Event(models.Model):
    """One item of a Delivery: a message, a status, an account change; and what became of it."""

    class State(models.TextChoices):
        APPLIED = "applied", _("applied")
        PARKED = "parked", _("parked")
        FAILED = "failed", _("failed")
        IGNORED = "ignored", _("ignored")

    pk = models.CompositePrimaryKey("delivery_id", "position")
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="events", db_constraint=False
    )
    position = models.IntegerField()
    kind = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=500, blank=True)
    phone_number_id = models.CharField(max_length=64, blank=True)
    wamid = models.CharField(max_length=512, blank=True)
    attempts = models.SmallIntegerField(default=1)
    next_try = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("wamid", condition=models.Q(state="parked"), name="webhooks_event_parked"),
            models.Index("next_try", condition=models.Q(state="parked"), name="webhooks_event_retry"),
        ]

"""The customers of a workspace and every address ever seen for them."""

import phonenumbers
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import TenantModel


class Contact(TenantModel):
    """A customer in the phonebook. May have no phone number at all (a WhatsApp username only)."""

    name = models.CharField(max_length=200, blank=True)
    profile_name = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=40, null=True, blank=True)  # E.164 with "+"  # noqa: DJ001
    username = models.CharField(max_length=255, blank=True)
    language = models.CharField(max_length=8, blank=True)
    created = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What agents call the customer: the phonebook's name, WhatsApp's, the username, the number."""
        return (
            self.name
            or self.profile_name
            or self.username
            or self.display_phone
            or str(_("Unknown customer"))
        )

    @property
    def display_phone(self) -> str:
        """The number in international form with spaces; empty when WhatsApp has not told it."""
        if not self.phone:
            return ""
        try:
            parsed = phonenumbers.parse(self.phone)
        except phonenumbers.NumberParseException:
            return self.phone
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class Identity(TenantModel):
    """One address seen for a contact. A BSUID is unique per business portfolio, not worldwide (Meta, 2026-06)."""

    class Kind(models.TextChoices):
        BSUID = "bsuid", _("business-scoped user id")
        PARENT = "parent", _("parent business-scoped user id")
        WA_ID = "wa_id", _("WhatsApp number")

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="identities", db_constraint=False, db_index=False
    )
    portfolio_id = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=160)
    first_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "portfolio_id", "kind", "value"], name="phonebook_identity_once"
            )
        ]
        indexes = [models.Index(fields=["contact"], name="phonebook_identity_contact")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"

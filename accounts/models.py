"""Workspaces, the people in them, their WhatsApp accounts and numbers, and the event stream's rows."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField

INVITE_DAYS = 7
STANDARD_THROUGHPUT, HIGH_THROUGHPUT = 80, 1000  # messages a second


class User(AbstractUser):
    """A person. What they may do is decided by their memberships, never here."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("Like the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("email address"))
    language = models.CharField(max_length=8, default="", blank=True)
    theme = models.CharField(max_length=8, default="", blank=True, choices=Theme.choices)
    # Part of what every session proves: counting it up logs the person out everywhere, sockets included.
    session_epoch = models.IntegerField(default=0, editable=False)

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined, misc]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email",
                violation_error_message=_("There is an account with this email address already."),
            )
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's own hook: a session is valid while this stays what it was at login."""
        return salted_hmac(
            "accounts.User.session",
            f"{self.password}:{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def short_name(self) -> str:
        """How colleagues see the person in a thread."""
        return self.first_name or self.get_full_name() or self.username


class Workspace(models.Model):
    """The tenant: one company that uses the product."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="Asia/Amman")
    country = models.CharField(max_length=2, default="JO")
    # Off: marketing goes to everybody who has not opted out. On: only to those whose opt-in is recorded.
    marketing_needs_opt_in = models.BooleanField(default=False)
    # Whether its admins may submit templates to Meta themselves; staff of the platform decide.
    submits_templates = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a workspace, in one role."""

    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        MARKETER = "marketer", _("Marketer")
        ADMIN = "admin", _("Admin")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(default=True)
    # Marketers and admins send to lists anyway; an admin may grant it to an agent.
    sends_to_lists = models.BooleanField(default=False)
    test_phone = models.CharField(max_length=40, blank=True)  # E.164: where "Send a test to me" goes
    created = models.DateTimeField(auto_now_add=True)
    deactivated = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="accounts_membership_tenant_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def is_admin(self) -> bool:
        """Admins transfer, return others' conversations and change settings."""
        return self.role == self.Role.ADMIN

    @property
    def may_send_to_lists(self) -> bool:
        """Lists, imports, exports and campaigns: marketers, admins, and agents to whom it was granted."""
        return self.role in {self.Role.MARKETER, self.Role.ADMIN} or self.sends_to_lists

    @property
    def name(self) -> str:
        """The name colleagues see."""
        return self.user.short_name


def _invite_expiry() -> Any:
    return timezone.now() + timedelta(days=INVITE_DAYS)


class Invite(models.Model):
    """A link that lets one person join. Only the token's hash is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invites")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=12, choices=Membership.Role.choices, default=Membership.Role.AGENT)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(default=_invite_expiry)
    accepted = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    @property
    def is_open(self) -> bool:
        """Neither used nor expired."""
        return self.accepted is None and self.expires > timezone.now()


class TenantModel(models.Model):
    """A row of one workspace: under row-level security, referred to by composite keys (see isolation.py).

    No foreign key of its own to the workspace: the composite keys lead there, and checking one more per insert
    would have every writer lock the same workspace row. No index of its own either: each table has one that begins
    with what it is looked up by.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        abstract = True


class BusinessAccount(TenantModel):
    """A WhatsApp Business Account (WABA): its id, its portfolio and the token that speaks for it."""

    waba_id = models.CharField(max_length=32, unique=True)
    portfolio_id = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=120, blank=True)
    access_token = EncryptedTextField(blank=True)
    # TIER_250 … TIER_UNLIMITED: unique people outside a service window per 24 h, of the whole portfolio (Meta,
    # Messaging limits, 2026-09). Empty until a connection check or a webhook has told.
    messaging_limit = models.CharField(max_length=32, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.waba_id


class PhoneNumber(TenantModel):
    """A business phone number: the From of everything that leaves."""

    class Check(models.TextChoices):
        NEVER = "never", _("Not checked yet")
        WAITING = "waiting", _("Checking…")
        OK = "ok", _("Connected")
        FAILED = "failed", _("Not connected")

    business_account = models.ForeignKey(
        BusinessAccount, on_delete=models.CASCADE, related_name="numbers", db_constraint=False
    )
    phone_number_id = models.CharField(max_length=32, unique=True)
    display_number = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=120, blank=True)
    check_state = models.CharField(max_length=8, choices=Check.choices, default=Check.NEVER)
    check_requested = models.DateTimeField(null=True, blank=True)
    check_finished = models.DateTimeField(null=True, blank=True)
    check_detail = models.CharField(max_length=500, blank=True)
    throughput = models.CharField(max_length=32, blank=True)  # STANDARD, HIGH; empty until it was told
    quality = models.CharField(max_length=16, blank=True)  # GREEN, YELLOW, RED, UNKNOWN
    # Set when WhatsApp refuses everything this number starts (a dead token, no payment, a restriction); what the
    # business starts then stands still until a connection check succeeds or an admin lifts it.
    stopped = models.DateTimeField(null=True, blank=True)
    stopped_code = models.IntegerField(null=True, blank=True)
    stopped_detail = models.CharField(max_length=500, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or self.display_number or self.phone_number_id

    @property
    def per_second(self) -> int:
        """Messages a second that WhatsApp takes from this number (Meta, Throughput, 2026-09)."""
        return HIGH_THROUGHPUT if self.throughput == "HIGH" else STANDARD_THROUGHPUT


class Stream(models.Model):
    """How far the workspace's event log has got. Its row lock makes `seq` free of gaps."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    seq = models.BigIntegerField(default=0)


class StreamEvent(TenantModel):
    """One change, as the browsers of a workspace hear of it (see stream.py). Kept for three days."""

    pk = models.CompositePrimaryKey("workspace_id", "seq")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    object_id = models.BigIntegerField()
    messages = ArrayField(models.BigIntegerField(), default=list)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created"], name="accounts_streamevent_age")]

"""Approved message templates as WhatsApp knows them, wishes to change them, and requests to the support desk."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import BusinessAccount, Membership, TenantModel


class Category(models.TextChoices):
    """What a template is for; WhatsApp may change it (Meta, Template management, 2026-09)."""

    MARKETING = "MARKETING", _("Marketing")
    UTILITY = "UTILITY", _("Utility")
    AUTHENTICATION = "AUTHENTICATION", _("Authentication")


class Template(TenantModel):
    """One template in one language, as it was when WhatsApp last told us. Only what is APPROVED can be sent."""

    APPROVED = "APPROVED"

    account = models.ForeignKey(
        BusinessAccount, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    template_id = models.CharField(max_length=32, blank=True)  # Meta's
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)  # with an underscore: en_US
    category = models.CharField(max_length=32)  # Category, or a newer one
    correct_category = models.CharField(max_length=32, blank=True)  # what WhatsApp will soon make of it
    status = models.CharField(
        max_length=32
    )  # APPROVED, PENDING, REJECTED, PAUSED, DISABLED, … as Meta writes it
    reason = models.CharField(max_length=500, blank=True)  # of a rejection, a pause, a ban
    quality = models.CharField(max_length=16, blank=True)  # GREEN, YELLOW, RED, UNKNOWN
    parameter_format = models.CharField(max_length=16, default="POSITIONAL")
    components = models.JSONField(default=list)  # as Meta writes them
    gone = models.DateTimeField(null=True)  # WhatsApp lists it no more
    told = models.DateTimeField(default=timezone.now)  # when WhatsApp last said something about it
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name", "language"], name="templates_wa_template_once")
        ]
        indexes = [models.Index(fields=["workspace", "name", "language"], name="templates_wa_template_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def is_sendable(self) -> bool:
        """Approved, and still there, as far as we were told."""
        return self.status == self.APPROVED and self.gone is None

    @property
    def is_marketing(self) -> bool:
        """Whether consent to marketing is needed: what WhatsApp files under marketing now."""
        return self.category == Category.MARKETING


class Sync(TenantModel):
    """How old our copy of an account's templates is, and the wish for a newer one."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OK = "ok", _("Up to date")
        FAILED = "failed", pgettext_lazy("sync", "Failed")

    account = models.OneToOneField(
        BusinessAccount, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    requested = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)  # the last success: the age of the copy
    detail = models.CharField(max_length=500, blank=True)  # why the last try failed


class Request(TenantModel):
    """A template that somebody wants from the platform's support desk, described or drafted."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("template request", "With support")
        ASKED = "asked", _("Support asks back")
        SUBMITTED = "submitted", _("Submitted to WhatsApp")
        APPROVED = "approved", pgettext_lazy("template request", "Approved")
        REJECTED = "rejected", _("Rejected by WhatsApp")
        ANSWERED = "answered", pgettext_lazy("template request", "Answered")  # closed without a template
        WITHDRAWN = "withdrawn", _("Withdrawn")

    account = models.ForeignKey(
        BusinessAccount, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    request_id = models.UUIDField(null=True)  # one submit of the form, however often it arrives
    requested_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32, choices=Category.choices)
    description = models.TextField(blank=True)  # in the requester's words
    # the draft, as Meta would take it; may be empty. Samples are named by their HeaderFile: "file:12"
    components = models.JSONField(default=list)
    template = models.ForeignKey(
        Template, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "request_id"], name="templates_wa_request_request")
        ]
        indexes = [models.Index("workspace", models.F("id").desc(), name="templates_wa_request_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class Note(TenantModel):
    """What requester and support desk say to each other about a request."""

    request = models.ForeignKey(
        Request, on_delete=models.CASCADE, related_name="notes", db_constraint=False, db_index=False
    )
    member = models.ForeignKey(  # null: the support desk
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["request", "id"], name="templates_wa_note_order")]


class Submission(TenantModel):
    """The wish that WhatsApp create, change, delete or unpause a template. A worker carries it out."""

    class Verb(models.TextChoices):
        CREATE = "create", _("Create")
        EDIT = "edit", _("Edit")
        DELETE = "delete", _("Delete")
        UNPAUSE = "unpause", _("Unpause")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", pgettext_lazy("submission", "Done")
        REFUSED = "refused", pgettext_lazy("submission", "Refused")
        UNCLEAR = "unclear", _("Unclear: look at the list after the next sync")  # the answer was lost

    account = models.ForeignKey(
        BusinessAccount, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    verb = models.CharField(max_length=8, choices=Verb.choices)
    template = models.ForeignKey(
        Template, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    support_request = models.ForeignKey(
        Request, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    member = models.ForeignKey(  # null: the support desk
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    request_id = models.UUIDField(null=True)  # one submit of the form, however often it arrives
    body = models.JSONField(default=dict)  # what is posted to Meta
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    code = models.IntegerField(null=True)
    detail = models.CharField(max_length=500, blank=True)
    created = models.DateTimeField(default=timezone.now)
    lease = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "request_id"], name="templates_wa_submission_request"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state="waiting"), name="templates_wa_submission_open"
            ),
            models.Index("workspace", models.F("id").desc(), name="templates_wa_submission_newest"),
        ]


class HeaderFile(TenantModel):
    """An image, video or document for the header of templates, and its media id at each number it was uploaded to."""

    name = models.CharField(max_length=255)
    mime = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    # phone number row id (as text) → {"id": media id, "at": unix seconds}; an upload is good for 30 days (Meta, Media)
    uploads = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sha256"], name="templates_wa_headerfile_once")
        ]

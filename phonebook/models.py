"""The customers of a workspace, every address ever seen for them, their consent, their lists, and imports."""

import phonenumbers
from django.db import models
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, TenantModel


class Marketing(models.IntegerChoices):
    """Whether a customer wants marketing, as the consent ledger says."""

    UNKNOWN = 0, _("Not asked")
    OPTED_IN = 1, _("Opted in")
    OPTED_OUT = 2, _("Opted out")


class Contact(TenantModel):
    """A customer in the phonebook. May have no phone number at all (a WhatsApp username only)."""

    name = models.CharField(max_length=200, blank=True)
    profile_name = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=40, null=True, blank=True)  # E.164 with "+"  # noqa: DJ001
    username = models.CharField(max_length=255, blank=True)
    language = models.CharField(max_length=16, blank=True)
    # What the workspace keeps about its customers, by its own names: {"city": "Amman"}. Always texts.
    fields = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # What the consent ledger says now (see consent.py, which alone writes these), and since when.
    marketing = models.SmallIntegerField(
        choices=Marketing.choices, default=Marketing.UNKNOWN, db_default=Marketing.UNKNOWN
    )
    marketing_at = models.DateTimeField(null=True)
    # WhatsApp said 131049: no marketing to this person before then.
    marketing_not_before = models.DateTimeField(null=True)
    blocked = models.DateTimeField(null=True)  # by the workspace: nothing is sent, campaigns skip
    # Another contact turned out to be the same person: this one is kept as a tombstone that points there.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)
    # The order of the phonebook: by what the contact is called.
    sort_name = models.GeneratedField(
        expression=Lower(
            Coalesce(
                NullIf("name", models.Value("")),
                NullIf("profile_name", models.Value("")),
                NullIf("username", models.Value("")),
                "phone",
                models.Value(""),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "sort_name", "id"],
                condition=models.Q(merged_into__isnull=True),
                name="phonebook_contact_by_name",
            ),
            models.Index(fields=["workspace", "phone"], name="phonebook_contact_phone"),
        ]

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
    """One address of a contact. A BSUID is unique per business portfolio, not worldwide (Meta, 2026-06).

    A phone is the same everywhere: its portfolio is empty, and its value is the canonical form of `phones.canonical`,
    so that the two spellings of a Brazilian, Mexican or Argentine number are one person.
    """

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


class Label(TenantModel):
    """A word that agents stick on contacts."""

    name = models.CharField(max_length=40)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="phonebook_label_once")]

    def __str__(self) -> str:
        return self.name


class ContactLabel(TenantModel):
    """A label on a contact."""

    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="label_rows", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "contact"], name="phonebook_contactlabel_once")
        ]
        indexes = [models.Index(fields=["contact"], name="phonebook_contactlabel_contact")]


class Consent(TenantModel):
    """One entry of the consent ledger: who wanted marketing or no more of it, when, and how we know. Append-only."""

    class Source(models.TextChoices):
        WHATSAPP = "whatsapp", _("WhatsApp’s own switch")  # webhook user_preferences
        REFUSED = "refused", _("WhatsApp refused a message (131050)")
        KEYWORD = "keyword", _("The customer wrote it")
        BUTTON = "button", _("The customer pressed a button")
        IMPORT = "import", _("Imported")
        AGENT = "agent", _("Recorded by a colleague")

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="consents", db_constraint=False, db_index=False
    )
    choice = models.SmallIntegerField(choices=Marketing.choices)
    source = models.CharField(max_length=12, choices=Source.choices)
    wording = models.CharField(max_length=500, blank=True)  # the customer's words, or what they agreed to
    at = models.DateTimeField(default=timezone.now)
    member = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # A webhook delivered twice is one entry.
            models.UniqueConstraint(
                fields=["contact", "at", "source", "choice"], name="phonebook_consent_once"
            )
        ]


class Keyword(TenantModel):
    """A word with which customers of this workspace start or stop marketing; overrides the built-in ones.

    `choice` UNKNOWN switches a built-in word off. `word` is normalised (consent.normalised).
    """

    word = models.CharField(max_length=60)
    choice = models.SmallIntegerField(choices=Marketing.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "word"], name="phonebook_keyword_once")]

    def __str__(self) -> str:
        return self.word


class List(TenantModel):
    """A named set of contacts. With a rule it is dynamic: its members are computed when it is used."""

    name = models.CharField(max_length=120)
    rule = models.JSONField(null=True)  # null: the members are rows; else see rules.py
    created_by = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="phonebook_list_once")]

    def __str__(self) -> str:
        return self.name


class ListMember(TenantModel):
    """A contact on a list, with what the list alone says of them (columns of an import)."""

    list = models.ForeignKey(
        List, on_delete=models.CASCADE, related_name="members", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    columns = models.JSONField(default=dict)
    added = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "contact"], name="phonebook_listmember_once")]
        indexes = [models.Index(fields=["contact"], name="phonebook_listmember_contact")]


class Import(TenantModel):
    """A file of contacts on its way in: kept, read, mapped, tried, and then done, in the background."""

    class State(models.TextChoices):
        READING = "reading", _("Reading the file")
        MAPPING = "mapping", _("Waiting for you")  # columns are known, a person says what they are
        CHECKING = "checking", _("Checking every row")  # the dry run
        CHECKED = "checked", _("Checked")  # verdicts are there, nothing was changed yet
        RUNNING = "running", _("Importing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    name = models.CharField(max_length=255)  # of the file
    content = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    detail = models.CharField(max_length=500, blank=True)  # why it failed
    columns = models.JSONField(default=list)  # the headings, in order
    sample = models.JSONField(default=list)  # the first rows, as texts
    mapping = models.JSONField(default=dict)  # column index → "phone", "name", "language", "field:city", …
    country = models.CharField(max_length=2, blank=True)  # of numbers written without a country code
    list = models.ForeignKey(
        List, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    rows = models.IntegerField(default=0)
    at_row = models.IntegerField(default=0)  # how far the background work is
    counts = models.JSONField(default=dict)  # verdict → how many rows
    # What the dry run made of the good rows, to be written as it is, a chunk at a time.
    prepared = models.BinaryField(default=b"")
    taken = models.JSONField(default=dict)  # chunks that are written: number → how many new contacts
    lease = models.DateTimeField(null=True)  # a worker is at it until then
    token = models.UUIDField(null=True)  # that worker, so that one who was too slow changes nothing
    tries = models.SmallIntegerField(default=0)  # workers that took it since it last got on
    created_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("workspace", models.F("id").desc(), name="phonebook_import_newest"),
            models.Index(
                fields=["lease"],
                condition=models.Q(state__in=["reading", "checking", "running"]),
                name="phonebook_import_waiting",
            ),
        ]


class ImportRow(TenantModel):
    """A row of the file that was not simply taken over, with its verdict. Good rows leave only a count."""

    file = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="odd_rows", db_constraint=False, db_index=False
    )
    line = models.IntegerField()  # in the file, 1 = the headings
    verdict = models.CharField(max_length=24)
    cells = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="phonebook_importrow_once")]

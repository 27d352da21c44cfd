"""What people type on the pages of contacts, labels and consent, checked for shape; what it means the actions decide."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from phonebook import languages
from phonebook.actions import Details
from phonebook.actions.consents import WORD_CHARS
from phonebook.actions.contacts import FIELD_NAME_CHARS, FIELD_VALUE_CHARS
from phonebook.actions.labels import NAME_CHARS
from phonebook.consent import WORDING_CHARS
from phonebook.models import Contact, Label, Marketing

_LTR = {"dir": "ltr", "autocomplete": "off"}
ROWS_AT_MOST = 60


class ContactForm(forms.Form):
    """A contact. Its free fields are rows of two inputs each, read and shown by FieldRows."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("Phone number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={**_LTR, "type": "tel", "inputmode": "tel"}),
        help_text=_("In any form. Without a country code it is a number of your workspace’s country."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("A campaign in several languages chooses by it."),
    )
    labels = forms.TypedMultipleChoiceField(
        label=_("Labels"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    new_labels = forms.CharField(
        label=_("New labels"),
        max_length=400,
        required=False,
        help_text=_("Several with commas between them."),
    )
    keep_old_number = forms.BooleanField(
        label=_("If the number changes, keep the old one as theirs too"),
        required=False,
        help_text=_("Off for a number that was wrong: whoever writes from it is somebody else."),
    )

    def __init__(
        self, *args: Any, labels: Sequence[Label], contact: Contact | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["name"].widget.attrs |= {"dir": "auto", "autocomplete": "off"}
        self.fields["new_labels"].widget.attrs |= {"dir": "auto", "autocomplete": "off"}
        language = self.fields["language"]
        current = contact.language if contact else ""
        language.choices = [("", _("Not known")), *languages.choices(current)]  # type: ignore[attr-defined]
        self.fields["labels"].choices = [(each.pk, each.name) for each in labels]  # type: ignore[attr-defined]
        if contact is None or not contact.phone:
            del self.fields["keep_old_number"]

    def details(self, rows: "FieldRows") -> Details:
        """What was typed, for the action. Call on a valid form."""
        data = self.cleaned_data
        return Details(
            name=" ".join(data["name"].split()),
            phone=data["phone"],
            language=data["language"],
            fields=rows.values,
            label_ids=data["labels"],
            new_labels=split_words(data["new_labels"]),
        )


class FieldRows:
    """The rows of free fields in a form: pairs of inputs `field` and `value`, and an empty pair at the end.

    Without a script, one more or one less row is a press of a button that sends the form to itself.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = list(pairs[:ROWS_AT_MOST])
        self.error = ""

    @classmethod
    def of(cls, contact: Contact | None) -> "FieldRows":
        """The rows of what is stored, by name."""
        return cls([*(sorted(contact.fields.items()) if contact else []), ("", "")])

    @classmethod
    def read(cls, data: QueryDict) -> "FieldRows":
        """The rows as they were sent, after the pressed button: `rows` is "add" or "remove-<index>"."""
        rows = cls(
            [
                (name.replace("\0", ""), value.replace("\0", ""))
                for name, value in zip(data.getlist("field"), data.getlist("value"), strict=False)
            ]
        )
        verb, _, index = data.get("rows", "").partition("-")
        if verb == "remove" and index.isascii() and index.isdigit() and int(index) < len(rows.pairs):
            del rows.pairs[int(index)]
        if verb == "add" or not rows.pairs:
            rows.pairs.append(("", ""))
        return rows

    @property
    def values(self) -> dict[str, str]:
        """Name → value of the rows that have a name."""
        return {name.strip(): value for name, value in self.pairs if name.strip()}

    def check(self) -> bool:
        """False, with `error` for the person, if a value has no name, or a name comes twice."""
        names = [name.strip() for name, _value in self.pairs if name.strip()]
        if any(value.strip() and not name.strip() for name, value in self.pairs):
            self.error = str(_("Give every field a name."))
        elif len(set(names)) < len(names):
            self.error = str(_("Two fields have the same name."))
        return not self.error

    name_chars, value_chars = FIELD_NAME_CHARS, FIELD_VALUE_CHARS


class LabelsForm(forms.Form):
    """Which labels a contact carries."""

    labels = forms.TypedMultipleChoiceField(coerce=int, required=False)
    new_labels = forms.CharField(max_length=400, required=False)

    def __init__(self, *args: Any, labels: Sequence[Label], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["labels"].choices = [(each.pk, each.name) for each in labels]  # type: ignore[attr-defined]


class LabelForm(forms.Form):
    """A label's name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_CHARS,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


class ConsentForm(forms.Form):
    """What the customer said about marketing, in which words, on which day."""

    choice = forms.TypedChoiceField(
        label=_("The customer"),
        coerce=int,
        choices=[(Marketing.OPTED_IN, _("wants marketing")), (Marketing.OPTED_OUT, _("wants no more of it"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether the customer wants marketing.")},
    )
    wording = forms.CharField(
        label=_("In what words"),
        required=False,
        max_length=WORDING_CHARS,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("What they agreed to, and how: the sentence on the form, what was said on the phone."),
    )
    on = forms.DateField(label=_("On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, zone: str, **options: Any) -> None:
        self.zone = ZoneInfo(zone)
        options["initial"] = {"on": timezone.now().astimezone(self.zone).date(), **options.get("initial", {})}
        super().__init__(*args, **options)

    @property
    def at(self) -> datetime:
        """The moment meant: now if it was today; else the first of that day for an opt-in, the last for an opt-out,
        so that whatever else the customer said that day counts for caution."""
        on: date = self.cleaned_data["on"]
        now = timezone.now()
        if on == now.astimezone(self.zone).date():
            return now
        if self.cleaned_data["choice"] == Marketing.OPTED_IN:
            return datetime.combine(on, time.min, self.zone)
        return datetime.combine(on + timedelta(days=1), time.min, self.zone) - timedelta(microseconds=1)


class RuleForm(forms.Form):
    """Whether marketing needs an opt-in."""

    needs_opt_in = forms.TypedChoiceField(
        label=_("Marketing goes to"),
        coerce=lambda value: value == "yes",
        choices=[
            ("no", _("everybody who has not opted out")),
            ("yes", _("only those whose opt-in is recorded")),
        ],
        widget=forms.RadioSelect,
    )


class KeywordForm(forms.Form):
    """A word and what it means when a customer writes nothing else."""

    word = forms.CharField(
        label=_("Word"),
        max_length=WORD_CHARS,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    choice = forms.TypedChoiceField(
        label=_("Means"),
        coerce=lambda value: Marketing(int(value)),
        choices=[
            (Marketing.OPTED_OUT, _("Stop marketing")),
            (Marketing.OPTED_IN, _("Start marketing")),
            (Marketing.UNKNOWN, _("Nothing (switched off)")),
        ],
    )


def split_words(text: str) -> list[str]:
    """The words between commas, Arabic ones included."""
    return [word.strip() for word in text.replace("،", ",").split(",") if word.strip()]

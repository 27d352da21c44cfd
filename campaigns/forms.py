"""What a person fills in to start a conversation or a campaign, checked before an action sees it.

Everything is looked up inside the caller's scope, so another workspace's ids are no choice.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership, PhoneNumber
from phonebook.models import Contact, List
from phonebook.phones import BadNumber, e164
from templates_wa import queries
from templates_wa.models import Template

CONTACT, NUMBER, LISTS = "contact", "number", "lists"
RECIPIENTS = [(CONTACT, _("Contact")), (NUMBER, _("New number")), (LISTS, _("Lists"))]
FARTHEST = timedelta(days=180)
SPREADS = [1, 2, 4, 8, 12, 24]


class NewConversationForm(forms.Form):
    """From, Recipient, Template and, for lists, when. Which of the recipients' fields count is up to `to`."""

    number = forms.ModelChoiceField(PhoneNumber.objects.none(), label=_("From"), empty_label=None)
    to = forms.ChoiceField(label=_("Recipient"), choices=RECIPIENTS)
    who = forms.CharField(label=_("Find a contact"), required=False, max_length=100)
    contact = forms.ModelChoiceField(Contact.objects.none(), label=_("Contact"), required=False)
    phone = forms.CharField(label=_("Phone number"), required=False, max_length=40)
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    lists = forms.ModelMultipleChoiceField(List.objects.none(), label=_("Lists"), required=False)
    leave_out = forms.ModelMultipleChoiceField(List.objects.none(), label=_("Leave out"), required=False)
    template = forms.ModelChoiceField(Template.objects.none(), label=_("Template"), required=False)
    languages = forms.ModelMultipleChoiceField(Template.objects.none(), label=_("Also in"), required=False)
    title = forms.CharField(label=_("Name of the campaign"), required=False, max_length=120)
    starts = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    spread = forms.TypedChoiceField(
        label=_("Spread over"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", _("As fast as WhatsApp allows")),
            *((n, ngettext_lazy("%d hour", "%d hours", n) % n) for n in SPREADS),
        ],
    )
    test_phone = forms.CharField(label=_("Your WhatsApp number"), required=False, max_length=40)
    request_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, member: Membership, **options: Any) -> None:
        super().__init__(data, **options)
        self.member = member
        self._choose("number", PhoneNumber.objects.order_by("name", "id"))
        self._choose("contact", Contact.objects.filter(merged_into=None))
        self._choose("lists", List.objects.order_by("name"))
        self._choose("leave_out", List.objects.order_by("name"))
        templates = queries.sendable(self._account())
        self._choose("template", templates)
        self._choose("languages", templates)

    def _choose(self, field: str, choices: "QuerySet[Any]") -> None:
        self.fields[field].queryset = choices  # type: ignore[attr-defined]

    def _account(self) -> int | None:
        """The business account of the number that is picked, or of the first one: templates belong to an account."""
        numbers = PhoneNumber.objects.order_by("name", "id")
        picked = str(self["number"].value() or "")
        number = (
            numbers.filter(pk=int(picked)).first()
            if picked.isascii() and picked.isdigit() and len(picked) < 19
            else None
        )
        number = number or numbers.first()
        return number.business_account_id if number else None

    def clean_starts(self) -> Any:
        """A wall clock of the workspace's time zone, in the next half year."""
        starts = self.cleaned_data.get("starts")
        if starts is None:
            return None
        # Django read it in the time zone of the server; what was meant is the clock on the workspace's wall.
        starts = timezone.make_naive(starts).replace(tzinfo=ZoneInfo(self.member.workspace.timezone))
        if starts < timezone.now() - timedelta(minutes=1):
            raise forms.ValidationError(_("This time has passed already."))
        if starts > timezone.now() + FARTHEST:
            raise forms.ValidationError(_("A campaign can be scheduled for the next 180 days at most."))
        return starts

    def clean_request_id(self) -> Any:
        """One submit of the form; a form that came without one is a submit of its own."""
        return self.cleaned_data.get("request_id") or uuid4()

    def clean(self) -> dict[str, Any]:
        """Asks for what the chosen kind of recipient needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        to = cleaned.get("to")
        if to == CONTACT and not cleaned.get("contact") and "contact" not in self.errors:
            self.add_error("contact", _("Choose a contact."))
        if to == NUMBER:
            self._clean_phone("phone")
        if to == LISTS:
            self._clean_lists(cleaned)
        if not cleaned.get("template") and "template" not in self.errors:
            self.add_error("template", _("Choose a template."))
        return cleaned

    def _clean_phone(self, field: str) -> None:
        try:
            self.cleaned_data[field] = e164(self.cleaned_data.get(field, ""), self.member.workspace.country)
        except BadNumber as bad:
            self.add_error(field, str(bad.message))

    def _clean_lists(self, cleaned: dict[str, Any]) -> None:
        if not self.member.may_send_to_lists:
            self.add_error("to", _("Sending to lists needs a permission that you do not have. Ask an admin."))
        chosen, left_out = set(cleaned.get("lists") or ()), set(cleaned.get("leave_out") or ())
        if not chosen and "lists" not in self.errors:
            self.add_error("lists", _("Choose a list."))
        elif chosen & left_out:
            self.add_error("leave_out", _("A list cannot be chosen and left out at the same time."))

    def test_number(self) -> str:
        """Where a test goes, in E.164. Raises BadNumber."""
        return e164(str(self.data.get("test_phone", "")), self.member.workspace.country)

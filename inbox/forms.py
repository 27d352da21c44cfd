"""What people send to the inbox, checked for shape only: whether it may be done is decided by the actions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from inbox.actions import Seen
from inbox.actions.claims import NOTE_CHARS

_BIGGEST_ID = 2**63 - 1


class ReplyForm(forms.Form):
    """A reply and what was on the screen when it was written. The text itself is judged by the action."""

    text = forms.CharField(required=False, strip=False)
    request_id = forms.UUIDField()
    seen_version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    seen_message = forms.IntegerField(min_value=0, max_value=_BIGGEST_ID)
    quoted = forms.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID)

    def clean_text(self) -> str:
        """The text as it was typed: a browser posts line breaks as CRLF (HTML standard), people type one character."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `actions.reply`, once the form is valid."""
        data = self.cleaned_data
        return {
            "text": data["text"],
            "request_id": data["request_id"],
            "seen": Seen(version=data["seen_version"], message_id=data["seen_message"]),
            "quoted_id": data["quoted"],
        }


class TemplateForm(forms.Form):
    """A template to send and what was on the screen when it was filled in. What was filled in is judged by the action."""

    template = forms.IntegerField(min_value=1, max_value=_BIGGEST_ID)
    request_id = forms.UUIDField()
    seen_version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    seen_message = forms.IntegerField(min_value=0, max_value=_BIGGEST_ID)

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `actions.send_template` but for the values, once the form is valid."""
        data = self.cleaned_data
        return {
            "template_id": data["template"],
            "request_id": data["request_id"],
            "seen": Seen(version=data["seen_version"], message_id=data["seen_message"]),
        }


class ColleagueField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A member of the workspace, called by the name colleagues see."""

    def label_from_instance(self, obj: Any) -> str:
        """The name in the list."""
        name: str = obj.name
        return name


class TransferForm(forms.Form):
    """To whom a conversation goes, and a note for them."""

    to = ColleagueField(
        label=_("To"),
        queryset=Membership.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Choose a colleague."),
            "invalid_choice": _("Choose an active colleague."),
        },
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_CHARS,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Only colleagues see it."),
    )

    def __init__(self, *args: Any, workspace_id: int, holder_id: int | None, **options: Any) -> None:
        super().__init__(*args, **options)
        colleagues = Membership.objects.filter(
            workspace_id=workspace_id, is_active=True, user__is_active=True
        ).exclude(pk=holder_id or 0)
        field = self.fields["to"]
        field.queryset = colleagues.select_related("user").order_by("user__first_name", "id")  # type: ignore[attr-defined]

"""What people type on the pages of lists, checked for shape; what it means the actions decide."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from phonebook.models import List


class NameForm(forms.Form):
    """The name of a list."""

    name = forms.CharField(
        label=_("List Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Give the list a name.")},
    )


class CombineForm(NameForm):
    """Which lists become a new one, and how."""

    kind = forms.ChoiceField(
        label=_("Who is on the new list"),
        widget=forms.RadioSelect,
        initial="union",
        choices=[
            ("union", _("Everybody who is on any of these lists")),
            ("intersection", _("Only those who are on all of them")),
            ("difference", _("Those on the first list who are on none of the others")),
        ],
    )
    first = forms.TypedChoiceField(label=_("First list"), coerce=int)
    others = forms.TypedMultipleChoiceField(
        label=_("Other lists"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    field_order = ("kind", "first", "others", "name")

    def __init__(self, *args: Any, lists: Sequence[List], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(one.pk, one.name) for one in lists]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]
        self.fields["others"].choices = choices  # type: ignore[attr-defined]

    @property
    def list_ids(self) -> list[int]:
        """The chosen lists, the first one first. Call on a valid form."""
        return [self.cleaned_data["first"], *self.cleaned_data["others"]]

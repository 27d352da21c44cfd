"""The support desk in /admin/: requests of all workspaces, and what can be done with each."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from templates_wa import desk
from templates_wa.models import Note, Request

_VERBS: dict[str, Callable[[Request, str], object]] = {
    "ask": desk.ask_back,
    "close": desk.close,
    "hand_in": desk.hand_in,
}


class DeskForm(forms.ModelForm):  # type: ignore[type-arg]
    """The draft as it will be handed in, and what to do with it."""

    do = forms.ChoiceField(
        label=_("What to do"),
        required=False,
        choices=[
            ("", _("Only save the draft")),
            ("ask", _("Ask the requester back")),
            ("hand_in", _("Submit to WhatsApp")),
            ("close", _("Answer and close, without a template")),
        ],
    )
    words = forms.CharField(
        label=_("To the requester"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    # A request that was only described has no draft yet, and can be asked about all the same.
    components = forms.JSONField(required=False, widget=forms.Textarea(attrs={"rows": 12, "cols": 80}))

    def clean_components(self) -> Any:
        """A list of objects, also an empty one. Raises ValidationError."""
        components = self.cleaned_data["components"] or []
        if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
            raise forms.ValidationError(_("Write a list of components, as WhatsApp has them."))
        return components

    class Meta:
        model = Request
        fields = ("name", "language", "category", "components")


class Notes(admin.TabularInline):  # type: ignore[type-arg]
    """What was said so far; new words go through the form above."""

    model = Note
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "member", "text")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never here."""
        return False


@admin.register(Request)
class RequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Oldest open ones first."""

    form = DeskForm
    inlines = (Notes,)
    list_display = ("id", "workspace", "name", "language", "category", "state", "requested_by", "created")
    list_filter = ("state", "category")
    search_fields = ("name", "description")
    ordering = ("id",)
    list_select_related = ("workspace", "requested_by__user")
    fields = (
        "workspace",
        "account",
        "requested_by",
        "state",
        "created",
        "description",
        "name",
        "language",
        "category",
        "components",
        "template",
        "do",
        "words",
    )
    readonly_fields = ("workspace", "account", "requested_by", "state", "created", "description", "template")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Only members ask."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """A request is kept."""
        return False

    def save_model(self, request: HttpRequest, obj: Request, form: Any, _change: bool) -> None:  # noqa: FBT001
        """Saves the draft, then does what was chosen."""
        # Only the draft: the requester may have withdrawn meanwhile. (`form.Meta` is the admin's own, with `do` in it.)
        obj.save(update_fields=[*DeskForm.Meta.fields])
        obj.refresh_from_db(fields=["state"])
        verb = _VERBS.get(form.cleaned_data["do"])
        if verb is None:
            return
        try:
            verb(obj, form.cleaned_data["words"])
        except desk.NotPossible as no:
            messages.error(request, str(no))

"""What platform staff see of workspaces, people and numbers. Access tokens are in no form and no list."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.actions import Refused, members
from accounts.models import BusinessAccount, Invite, Membership, PhoneNumber, User, Workspace

# Not used here: what people may do is their role in a workspace, and they have one address.
admin.site.unregister([Group, EmailAddress])


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new workspace needs somebody who can invite the others."""

    admin_email = forms.EmailField(
        label=_("Email of the first admin"),
        help_text=_(
            "An account is made if there is none; its owner chooses a password by “Forgot your password?”."
        ),
    )
    admin_name = forms.CharField(label=_("Name of the first admin"), max_length=60)

    class Meta:
        model = Workspace
        fields = ("slug", "name", "timezone", "country")


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("slug", "name", "created")
    search_fields = ("slug", "name")

    def get_form(self, request: HttpRequest, obj: Workspace | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Asks for the first admin only when there is none yet."""
        return super().get_form(request, obj, **(kwargs if obj else {"form": WorkspaceForm, **kwargs}))

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new workspace is opened by the action, which makes its event stream too."""
        if change:
            super().save_model(request, obj, form, change)
            return
        person = actions.find_or_make_person(
            form.cleaned_data["admin_email"], form.cleaned_data["admin_name"]
        )
        made = actions.create_workspace(slug=obj.slug, name=obj.name, admin=person)
        obj.pk, obj.created = made.pk, made.created
        obj.save()

    def has_delete_permission(self, request: HttpRequest, obj: Workspace | None = None) -> bool:  # noqa: ARG002
        """A company's conversations are not deleted by a click."""
        return False


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """Whoever is switched off leaves all workspaces, so no workspace may lose its last admin by it."""

    def clean(self) -> dict[str, Any]:
        """Locks the members of the person's workspaces, until the request's transaction ends, before it looks."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("is_active"):
            for membership in members.lock_everywhere(self.instance):
                try:
                    if membership.is_admin:
                        members.keep_an_admin(membership)
                except Refused as refused:
                    self.add_error("is_active", f"{membership.workspace}: {refused.message}")
        return data


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    list_display = ("username", "email", "first_name", "is_active", "is_staff", "last_login")
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Preferences"), {"fields": ("language", "theme")}))
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        """Who is switched off leaves every workspace, with all that follows (switched on, they are taken back there)."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            for membership in members.lock_everywhere(obj):
                members.leave(membership)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        """What a person wrote stays theirs: switch off “active” instead."""
        return False


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps the rules that a workspace never loses its last admin and that members can log in."""

    class Meta:
        model = Membership
        fields = ("workspace", "user", "role", "is_active")

    def clean(self) -> dict[str, Any]:
        """Locks the workspace's members, until the request's transaction ends, before it looks."""
        data: dict[str, Any] = super().clean() or {}
        person = self.instance.user if self.instance.pk else data.get("user")
        if data.get("is_active") and person and not person.is_active:
            raise ValidationError(members.SWITCHED_OFF)
        if self.instance.pk and self.instance.workspace_id:
            members.lock_members(self.instance.workspace_id)
            before = Membership.objects.get(pk=self.instance.pk)
            stays = data.get("is_active") and data.get("role") == Membership.Role.ADMIN
            if before.is_admin and not stays:
                try:
                    members.keep_an_admin(before)
                except Refused as refused:
                    raise ValidationError(str(refused.message)) from refused
        return data


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = MembershipForm
    list_display = ("workspace", "user", "role", "is_active")
    list_filter = ("role", "is_active")
    list_select_related = ("workspace", "user")
    search_fields = ("workspace__slug", "user__username", "user__email")
    autocomplete_fields = ("workspace", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Whose membership it is never changes."""
        return ("workspace", "user") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001
        """The same steps as in the settings: claims are returned, sockets close, sessions end."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        stored = Membership.objects.select_related("user").get(pk=obj.pk)
        members.set_role(stored, obj.role)
        if stored.is_active and not obj.is_active:
            members.leave(stored)
        elif obj.is_active and not stored.is_active:
            members.welcome_back(stored, obj.role)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:  # noqa: ARG002
        """Replies and claims name their member for good."""
        return False


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looking, not touching."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Invite)
class InviteAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "role", "email", "invited_by", "created", "expires", "accepted")
    exclude = ("token_hash",)
    list_select_related = ("workspace", "invited_by__user")


@admin.register(BusinessAccount)
class BusinessAccountAdmin(ReadOnlyAdmin):
    list_display = ("waba_id", "name", "workspace", "has_token")
    search_fields = ("waba_id", "name", "workspace__slug")
    list_select_related = ("workspace",)
    exclude = ("access_token",)
    readonly_fields = ("has_token",)

    @admin.display(boolean=True, description=_("token stored"))
    def has_token(self, account: BusinessAccount) -> bool:
        """Whether there is one; that is all anybody may know."""
        return bool(account.access_token)


@admin.register(PhoneNumber)
class PhoneNumberAdmin(ReadOnlyAdmin):
    list_display = ("phone_number_id", "display_number", "name", "workspace", "check_state", "check_finished")
    list_filter = ("check_state",)
    search_fields = ("phone_number_id", "display_number", "workspace__slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhoneNumber]:
        """With what the list names, in one query."""
        return super().get_queryset(request).select_related("workspace", "business_account")

"""What people type on the pages of this app, checked before an action sees it."""

from typing import Any, cast

import allauth.account.forms
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.actions import NumberDetails, Refused
from accounts.models import Membership, PhoneNumber, User

_digits = RegexValidator(r"^[0-9]{5,32}\Z", _("Only digits, as Meta's pages show it."))
_printable = RegexValidator(r"^[!-~]+\Z", _("An access token has no spaces and no special characters."))
_no_at = RegexValidator(
    r"@", _("A username has no @; you can log in with your email address too."), inverse_match=True
)


class LoginForm(allauth.account.forms.LoginForm):  # type: ignore[misc]
    """allauth's form with labels instead of placeholders; the page itself links to the forgotten password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "dir": "ltr"}


class RoleForm(forms.Form):
    """A member's role."""

    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("Email"),
        required=False,
        help_text=_("Only a reminder for you: no mail is sent, you pass on the link."),
    )


class JoinForm(forms.Form):
    """A new person makes their account."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("How colleagues and customers see you.")
    )
    username = forms.CharField(
        label=_("Username"), max_length=60, validators=[UnicodeUsernameValidator(), _no_at]
    )
    email = forms.EmailField(label=_("Email"))
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["username"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "dir": "ltr",
        }
        self.fields["email"].widget.attrs |= {"autocomplete": "email", "dir": "ltr"}

    def clean_username(self) -> str:
        """Lower case, because logging in does not distinguish it."""
        username: str = self.cleaned_data["username"].lower()
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("Somebody has this username already."))
        return username

    def clean_email(self) -> str:
        """One account per address."""
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(
                _("There is an account with this email address already. Log in to join.")
            )
        return email

    def clean(self) -> dict[str, Any]:
        """The password may not resemble the rest."""
        data = super().clean() or {}
        if data.get("password"):
            person = User(
                username=data.get("username", ""),
                email=data.get("email", ""),
                first_name=data.get("name", ""),
            )
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class NumberForm(forms.Form):
    """A phone number and its business account. The stored token is never among the initial values."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What your team calls it, such as Support line.")
    )
    phone_number_id = forms.CharField(
        label=_("Phone number ID"), validators=[_digits], help_text=_("WhatsApp Manager → Phone numbers.")
    )
    waba_name = forms.CharField(label=_("Business account name"), max_length=120, required=False)
    waba_id = forms.CharField(label=_("WhatsApp Business Account ID"), validators=[_digits])
    access_token = forms.CharField(
        label=_("Access token"),
        max_length=1000,
        required=False,
        validators=[_printable],
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, number: PhoneNumber | None = None, **kwargs: Any) -> None:
        if number is not None:
            account = number.business_account
            kwargs["initial"] = {
                "name": number.name,
                "phone_number_id": number.phone_number_id,
                "waba_name": account.name,
                "waba_id": account.waba_id,
            }
        super().__init__(*args, **kwargs)
        token = self.fields["access_token"]
        token.help_text = _("Stored encrypted, never shown again. Not needed if the account has one already.")
        if number is not None and number.business_account.access_token:
            token.help_text = _("A token is stored. Leave this empty to keep it.")
        for field in ("phone_number_id", "waba_id"):
            self.fields[field].widget.attrs |= {"dir": "ltr", "inputmode": "numeric"}
        if number is not None:
            # Not `disabled`: that would drop another id silently, and the action says why it cannot be.
            self.fields["phone_number_id"].widget.attrs["readonly"] = True

    def details(self) -> NumberDetails:
        """What was typed, for the action. Call on a valid form."""
        return NumberDetails(**cast("dict[str, str]", self.cleaned_data))


class PreferencesForm(forms.Form):
    """Language or theme, whichever button was pressed."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    theme = forms.ChoiceField(choices=User.Theme.choices, required=False)


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Puts an action's no beside the field it is about."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))

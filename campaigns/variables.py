"""What a campaign fills into its template: a fixed text, a field of the contact, or a column of the list.

`expansion.py` says the same in SQL for everybody at once; here it is said for one contact, for previews.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from phonebook.models import Contact

TEXT, FIELD, COLUMN = "text", "field", "column"
KINDS = [(TEXT, _("Fixed text")), (FIELD, _("Contact field")), (COLUMN, _("Column of the list"))]
# A free field of the same name stands behind these.
BUILT_IN = [
    ("name", _("Name")),
    ("first_name", _("First name")),
    ("phone", _("Phone number")),
    ("language", _("Language")),
    ("username", _("Username")),
]


def filled(
    variables: Mapping[str, Mapping[str, str]], contact: Contact, columns: Mapping[str, Any]
) -> dict[str, str]:
    """The value of every slot for this contact; what nothing was found for is what the variable says otherwise."""
    return {key: _value(variable, contact, columns) for key, variable in variables.items()}


def _value(variable: Mapping[str, str], contact: Contact, columns: Mapping[str, Any]) -> str:
    kind, value = variable.get("kind", TEXT), variable.get("value", "")
    if kind == TEXT:
        return value
    found = str(columns.get(value, "")) if kind == COLUMN else _field(contact, value)
    return found.strip() or variable.get("otherwise", "")


def _field(contact: Contact, field: str) -> str:
    name = contact.name or contact.profile_name
    built_in = {
        "name": name,
        "first_name": name.split(maxsplit=1)[0] if name.strip() else "",
        "phone": contact.phone or "",
        "language": contact.language,
        "username": contact.username,
    }
    return built_in[field] if field in built_in else str(contact.fields.get(field, ""))

"""Everything a person can do in the phonebook: one verb, one function, one transaction.

Nothing else writes on behalf of a person. Lists and imports are verbs of their own modules, `lists` and `imports`.
"""

from phonebook.actions.consents import record_consent, remove_keyword, set_keyword, set_opt_in_rule
from phonebook.actions.contacts import (
    Details,
    block,
    contact_of_number,
    create_contact,
    edit_contact,
    unblock,
)
from phonebook.actions.labels import create_label, delete_label, rename_label, set_labels
from phonebook.actions.merging import merge, on_merge
from phonebook.actions.refusals import Refused, Taken

__all__ = [
    "Details",
    "Refused",
    "Taken",
    "block",
    "contact_of_number",
    "create_contact",
    "create_label",
    "delete_label",
    "edit_contact",
    "merge",
    "on_merge",
    "record_consent",
    "remove_keyword",
    "rename_label",
    "set_keyword",
    "set_labels",
    "set_opt_in_rule",
    "unblock",
]

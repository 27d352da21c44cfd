"""What admins and staff do to a workspace: one verb, one function, one transaction.

Nothing else writes workspaces, members, invites and numbers on behalf of a person. Never talks to Meta: a wish that
needs WhatsApp is a row and a task.
"""

from accounts.actions.invites import accept, admit, closed_words, find_invite, invite, revoke
from accounts.actions.members import (
    allow_lists,
    change_role,
    create_workspace,
    deactivate,
    find_or_make_person,
    leave,
    on_leave,
    reactivate,
    set_preferences,
    set_role,
    welcome_back,
)
from accounts.actions.numbers import NumberDetails, request_check, save_number
from accounts.actions.phones import remember_test_phone
from accounts.actions.refusals import Refused

__all__ = [
    "NumberDetails",
    "Refused",
    "accept",
    "admit",
    "allow_lists",
    "change_role",
    "closed_words",
    "create_workspace",
    "deactivate",
    "find_invite",
    "find_or_make_person",
    "invite",
    "leave",
    "on_leave",
    "reactivate",
    "remember_test_phone",
    "request_check",
    "revoke",
    "save_number",
    "set_preferences",
    "set_role",
    "welcome_back",
]

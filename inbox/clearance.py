"""Whether a template may go to a contact now, and as what: the one check for when it is written and when it leaves.

Decides nothing about who may write. Answers with a sentence of failures.py, never raises for a no; reads only, inside
the caller's scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accounts.models import BusinessAccount, Workspace
from inbox import failures
from phonebook import consent
from phonebook.models import Contact, Identity
from templates_wa.definition import Definition, definition, problems
from templates_wa.models import Template

_NO_MARKETING = {
    "opted_out": failures.OPTED_OUT,
    "no_consent": failures.NO_CONSENT,
    "capped": failures.CAPPED,
}


class Address(NamedTuple):
    """Where a contact is reached: by phone, or else by user id."""

    to: str | None
    recipient: str | None


@dataclass(frozen=True)
class Clearance:
    """A template as it is now and why it may not go, as a sentence of failures.py; `problems` by slot key."""

    made: Definition
    reason: str = ""
    problems: dict[str, str] | None = None


def clear(
    template: Template,
    values: Mapping[str, str],
    *,
    account: BusinessAccount,
    contact: Contact,
    in_window: bool,
    now: datetime,
) -> Clearance:
    """Judges a template with these values for this contact, most useful reason first."""
    made = definition(template)
    if template.account_id != account.pk:
        return Clearance(made, failures.OTHER_ACCOUNT)
    if not template.is_sendable:
        return Clearance(made, failures.NOT_APPROVED)
    if made.unsupported:
        return Clearance(made, failures.UNSUPPORTED)
    reason = _no_to_contact(template, contact, in_window=in_window, now=now)
    if reason:
        return Clearance(made, reason)
    wrong = problems(made, values)
    return Clearance(made, failures.BAD_VALUES if wrong else "", wrong)


def address(contact: Contact, account: BusinessAccount) -> Address | None:
    """The phone where there is one, else the newest user id of the portfolio; None when WhatsApp told neither."""
    if contact.phone:
        return Address(contact.phone, None)
    # The newest: WhatsApp makes a new one when the person changes their number.
    user_id = (
        Identity.objects.filter(contact=contact, kind=Identity.Kind.BSUID, portfolio_id=account.portfolio_id)
        .order_by("-first_seen", "-pk")
        .values_list("value", flat=True)
        .first()
    )
    return Address(None, user_id) if user_id else None


def _no_to_contact(template: Template, contact: Contact, *, in_window: bool, now: datetime) -> str:
    if contact.blocked:
        return failures.BLOCKED
    if not template.is_marketing:
        return ""
    rule = Workspace.objects.values_list("marketing_needs_opt_in", flat=True).get(pk=contact.workspace_id)
    no = consent.refusal(contact, needs_opt_in=rule, now=now)
    if no is None or (no == "capped" and in_window):
        return ""  # marketing inside an open window does not count (Meta, Messaging limits, 2025-12)
    return _NO_MARKETING[no]

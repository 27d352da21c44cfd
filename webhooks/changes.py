"""Changes of other fields than `messages`: whose they are, and which room applies them.

Each function says per change why it was not applied, or "" if it was. Runs inside the caller's crossing and decides
nothing itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from accounts import changes as account_changes
from accounts.changes import AccountChange
from inbox.receiving import moment
from phonebook import consent
from phonebook.models import Consent, Marketing
from phonebook.resolve import Person, resolve
from templates_wa import changes as template_changes
from templates_wa.changes import TemplateChange
from webhooks import owners
from webhooks.owners import Owner
from whatsapp.events import Change
from whatsapp.preferences import Preference, number_of, read_preferences

PREFERENCES = "user_preferences"
NOBODY, NOT_UNDERSTOOD = "no workspace has this account", "nothing in it was understood"


class _Wish(NamedTuple):
    """What one customer said, and to whom."""

    owner: Owner
    said: Preference
    at: datetime


def is_preference(change: Change) -> bool:
    """Whether customers speak in it. These lock contacts, so they are applied before everything else."""
    return change.field == PREFERENCES


def is_fact(change: Change) -> bool:
    """Whether it tells about templates, numbers or accounts."""
    return change.field in template_changes.FIELDS or change.field in account_changes.FIELDS


def apply_preferences(changes: Sequence[Change]) -> list[str]:
    """Customers who switched marketing off or on in WhatsApp itself: into the consent ledger."""
    now = timezone.now()
    reasons, wishes = [], []
    for change, owner in zip(changes, _owners(changes), strict=True):
        said = read_preferences(change.value)
        reasons.append(NOBODY if owner is None else "" if said else NOT_UNDERSTOOD)
        if owner is not None:
            wishes += [_Wish(owner, each, moment(each.at, moment(change.at, now))) for each in said]
    if wishes:
        contacts = resolve([_person(wish) for wish in wishes])
        consent.record([_entry(wish, contact) for wish, contact in zip(wishes, contacts, strict=True)])
    return reasons


def apply_facts(changes: Sequence[Change]) -> list[str]:
    """What became of templates, numbers and accounts, in the order in which it came."""
    now = timezone.now()
    connected = owners.accounts(change.waba_id for change in changes)
    known = [change for change in changes if change.waba_id in connected]
    about_templates = [
        TemplateChange(each.waba_id, each.field, each.value, moment(each.at, now))
        for each in known
        if each.field in template_changes.FIELDS
    ]
    if about_templates:
        template_changes.apply(about_templates)
    about_accounts = [
        AccountChange(each.waba_id, each.field, each.value)
        for each in known
        if each.field in account_changes.FIELDS
    ]
    if about_accounts:
        account_changes.apply(about_accounts)
    return ["" if change.waba_id in connected else NOBODY for change in changes]


def _owners(changes: Sequence[Change]) -> list[Owner | None]:
    """By the number that a change names, else by its account."""
    named = [number_of(change.value) or "" for change in changes]
    numbers, connected = owners.numbers(named), owners.accounts(change.waba_id for change in changes)
    found: list[Owner | None] = []
    for change, phone_number_id in zip(changes, named, strict=True):
        number = owners.number(numbers, phone_number_id, change.waba_id)
        owner = Owner(number.workspace_id, number.portfolio_id) if number else connected.get(change.waba_id)
        found.append(owner)
    return found


def _person(wish: _Wish) -> Person:
    return Person(
        workspace_id=wish.owner.workspace_id,
        portfolio_id=wish.owner.portfolio_id,
        user_id=wish.said.user_id,
        parent_user_id=wish.said.parent_user_id,
        wa_id=wish.said.wa_id,
    )


def _entry(wish: _Wish, contact_id: int) -> consent.Entry:
    return consent.Entry(
        workspace_id=wish.owner.workspace_id,
        contact_id=contact_id,
        choice=Marketing.OPTED_IN if wish.said.wants_marketing else Marketing.OPTED_OUT,
        source=Consent.Source.WHATSAPP,
        wording=wish.said.detail,
        at=wish.at,
    )

"""People in the phonebook: add, change, find by a number, block.

One person has one contact: a number that somebody has already is refused (with who it is) or found, never doubled.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from phonebook.actions.addresses import dialled, drop, locked, owner_of, take
from phonebook.actions.labels import put_labels
from phonebook.actions.refusals import Refused, Taken
from phonebook.merges import hold_back_merges
from phonebook.models import Contact
from phonebook.twins import with_twins

NAMELESS = _("Write a name or a number.")
FIELDS_AT_MOST = 50
FIELD_NAME_CHARS, FIELD_VALUE_CHARS = 60, 1000
# What variables of a template may name besides free fields (campaigns); a field of that name would never be read.
RESERVED_FIELDS = frozenset({"name", "first_name", "phone", "language", "username"})


@dataclass(frozen=True, kw_only=True)
class Details:
    """What a colleague writes about a contact. `phone` in any form; `label_ids` None leaves the labels as they are."""

    name: str = ""
    phone: str = ""
    language: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    label_ids: Collection[int] | None = None
    new_labels: Collection[str] = ()


@retrying_deadlocks
def create_contact(*, member: Membership, details: Details) -> Contact:
    """Adds a contact, with a number that nobody has yet or without one. Raises Taken, Refused (with the field)."""
    phone = dialled(details.phone, member.workspace.country)
    fields = checked_fields(details.fields)
    if not (details.name or phone):
        raise Refused(NAMELESS, "name")
    with scope(member.workspace_id, durable=True):
        contact = Contact.objects.create(
            workspace_id=member.workspace_id,
            name=details.name,
            phone=phone or None,
            language=details.language,
            fields=fields,
        )
        if phone:
            take(contact, phone)
        _put_labels(contact, details)
        return contact


@retrying_deadlocks
def edit_contact(
    *, member: Membership, contact_id: int, details: Details, keep_old_number: bool = False
) -> Contact:
    """Changes what is known of a contact. With `keep_old_number` whoever writes from the old number is still theirs.

    Raises Taken, Refused (with the field), Contact.DoesNotExist.
    """
    phone = dialled(details.phone, member.workspace.country)
    fields = checked_fields(details.fields)
    with scope(member.workspace_id, durable=True):
        contact = locked(contact_id)
        if phone:
            take(contact, phone)
        if contact.phone and contact.phone != phone and not keep_old_number:
            _leave_number(contact, contact.phone, phone)
        if not (details.name or phone or contact.profile_name or contact.username):
            raise Refused(NAMELESS, "name")
        contact.name, contact.phone = details.name, phone or None
        contact.language, contact.fields = details.language, fields
        contact.save(update_fields=["name", "phone", "language", "fields"])
        _put_labels(contact, details)
        return contact


@retrying_deadlocks
def contact_of_number(*, member: Membership, text: str, name: str = "") -> Contact:
    """The contact with this number, in any form and spelling; a new one, of this name, if nobody has it. Raises Refused.

    Pressed twice at once it is still one contact.
    """
    phone = dialled(text, member.workspace.country)
    if not phone:
        raise Refused(_("Write a phone number."), "phone")
    with scope(member.workspace_id, durable=True):
        hold_back_merges([member.workspace_id])
        owner = owner_of(phone)
        if owner is None:
            try:
                with transaction.atomic():
                    contact = Contact.objects.create(
                        workspace_id=member.workspace_id, phone=phone, name=name[:200]
                    )
                    take(contact, phone)
            except Taken as taken:
                owner = taken.contact_id
            else:
                return contact
        contact = locked(owner)
        if not contact.phone:
            contact.phone = phone
            contact.save(update_fields=["phone"])
        return contact


@retrying_deadlocks
def block(*, member: Membership, contact_id: int) -> Contact:
    """Nothing is sent to the contact any more, campaigns skip it. Repeating it changes nothing. Raises DoesNotExist."""
    with scope(member.workspace_id, durable=True):
        return _set_blocked(contact_id, timezone.now())


@retrying_deadlocks
def unblock(*, member: Membership, contact_id: int) -> Contact:
    """The contact may be written to again, as far as its consent goes. Raises Contact.DoesNotExist."""
    with scope(member.workspace_id, durable=True):
        return _set_blocked(contact_id, None)


def _set_blocked(contact_id: int, at: datetime | None) -> Contact:
    """Also for whoever has the same number: a message to them would reach the same person."""
    ids = with_twins([contact_id])[contact_id]
    kept = {
        each.pk: each
        for each in Contact.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    }
    if contact_id not in kept or kept[contact_id].merged_into_id is not None:
        return locked(contact_id)  # says who it was merged into, or that there is none
    for contact in kept.values():
        contact.blocked = at and (contact.blocked or at)
        contact.save(update_fields=["blocked"])
    return kept[contact_id]


def checked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Free fields as they are stored: trimmed, none without a name or a value. Raises Refused (field "fields")."""
    kept = {name.strip(): value.strip() for name, value in fields.items() if name.strip() and value.strip()}
    if len(kept) > FIELDS_AT_MOST:
        raise Refused(format_lazy(_("A contact has at most {limit} fields."), limit=FIELDS_AT_MOST), "fields")
    for name, value in kept.items():
        if name.lower() in RESERVED_FIELDS:
            raise Refused(
                format_lazy(_("“{name}” has a place of its own. Choose another name."), name=name), "fields"
            )
        if len(name) > FIELD_NAME_CHARS or len(value) > FIELD_VALUE_CHARS:
            raise Refused(
                format_lazy(
                    _(
                        "“{name}…” is too long: at most {name_limit} characters for a name, {limit} for a value."
                    ),
                    name=name[:20],
                    name_limit=FIELD_NAME_CHARS,
                    limit=FIELD_VALUE_CHARS,
                ),
                "fields",
            )
    return kept


def _leave_number(contact: Contact, old: str, new: str) -> None:
    drop(contact, old)
    if new:
        take(contact, new)  # the same address if only the spelling changed


def _put_labels(contact: Contact, details: Details) -> None:
    if details.label_ids is not None:
        put_labels(contact, details.label_ids, details.new_labels)

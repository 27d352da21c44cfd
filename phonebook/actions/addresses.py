"""Who has a number: the addresses of a contact, under the lock of its row and inside the caller's scope.

Every spelling of a number is one address (phones.canonical), so a number that somebody has cannot be given twice.
"""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from phonebook.actions.refusals import Refused, Taken
from phonebook.models import Contact, Identity
from phonebook.phones import BadNumber, canonical, e164

TAKEN = _("Another contact has this number already.")


def dialled(text: str, country: str) -> str:
    """What was typed as E.164; "" for nothing. `country` is of numbers without a country code. Raises Refused."""
    text = text.strip()
    if not text:
        return ""
    try:
        return e164(text, country)
    except BadNumber as error:
        raise Refused(error.message, "phone") from None  # type: ignore[arg-type]


def locked(contact_id: int) -> Contact:
    """The contact, until the end of the transaction. Raises Contact.DoesNotExist, also for one that was merged."""
    contacts = Contact.objects.filter(pk=contact_id, merged_into__isnull=True)
    return contacts.select_for_update(no_key=True).get()


def owner_of(phone: str) -> int | None:
    """The id of the contact that has this number, in whatever spelling."""
    found = Identity.objects.filter(portfolio_id="", kind=Identity.Kind.WA_ID, value=canonical(phone))
    return found.values_list("contact_id", flat=True).first()


def take(contact: Contact, phone: str) -> None:
    """Makes the number an address of the contact. Raises Taken if it is somebody else's.

    Waits for whoever is adding the same number now, a message that arrives included.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_identity (workspace_id, contact_id, portfolio_id, kind, value, first_seen)"
            " VALUES (%s, %s, '', %s, %s, now()) ON CONFLICT (workspace_id, portfolio_id, kind, value) DO NOTHING",
            [contact.workspace_id, contact.pk, str(Identity.Kind.WA_ID), canonical(phone)],
        )
    owner = owner_of(phone)
    if owner is not None and owner != contact.pk:
        raise Taken(TAKEN, "phone", owner)


def drop(contact: Contact, phone: str) -> None:
    """The number is no address of the contact any more; whoever writes from it is somebody else."""
    Identity.objects.filter(contact=contact, kind=Identity.Kind.WA_ID, value=canonical(phone)).delete()

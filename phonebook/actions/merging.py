"""Two contacts that are one person become one: everything moves, nothing is lost, the other stays as a tombstone.

What rooms above hang on a contact they move themselves: they append to `on_merge`.
"""

from collections.abc import Callable

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from phonebook import consent
from phonebook.actions.refusals import Refused
from phonebook.merges import wait_for_arrivals
from phonebook.models import Contact, Identity

# (workspace id, winner's id, loser's id): called inside the same transaction, with both contacts locked. Apps above
# append to it in their ready(): this room may not look up to see what hangs on a contact.
on_merge: list[Callable[[int, int, int], None]] = []


@retrying_deadlocks
def merge(*, member: Membership, winner_id: int, loser_id: int) -> Contact:
    """Keeps the winner, which gets the loser's addresses, labels, lists, consent, and what it has not said itself.

    Either of them blocked means blocked, and the newest word on marketing counts. Whoever writes from any of the
    addresses is the winner from now on. Raises Refused, Contact.DoesNotExist.
    """
    if not member.may_send_to_lists:
        raise Refused(_("Only marketers and admins may merge contacts."))
    if winner_id == loser_id:
        raise Refused(_("Choose two different contacts."))
    with scope(member.workspace_id, durable=True):
        # Before anything is looked at: a message that is being taken in has found its contact already.
        wait_for_arrivals(member.workspace_id)
        winner, loser = _locked_pair(winner_id, loser_id)
        Identity.objects.filter(contact=loser).update(contact=winner)
        _move_labels(winner.pk, loser.pk)
        _move_lists(winner.pk, loser.pk)
        _fill(winner, loser)
        consent.adopt(winner_id=winner.pk, loser_id=loser.pk)
        Contact.objects.filter(merged_into=loser).update(merged_into=winner)
        Contact.objects.filter(pk=loser.pk).update(merged_into=winner)
        for fold in on_merge:
            fold(member.workspace_id, winner.pk, loser.pk)
        winner.refresh_from_db()
        return winner


def _locked_pair(winner_id: int, loser_id: int) -> tuple[Contact, Contact]:
    pair = Contact.objects.filter(pk__in=[winner_id, loser_id], merged_into__isnull=True).order_by("pk")
    found = {contact.pk: contact for contact in pair.select_for_update(no_key=True)}
    try:
        return found[winner_id], found[loser_id]
    except KeyError:
        raise Contact.DoesNotExist from None


def _move_labels(winner_id: int, loser_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_contactlabel (workspace_id, label_id, contact_id)"
            " SELECT l.workspace_id, l.id, %s FROM phonebook_label AS l JOIN phonebook_contactlabel AS c"
            # Locked, or somebody who deletes the label at the same time would fail at COMMIT.
            " ON c.label_id = l.id WHERE c.contact_id = %s ORDER BY l.id FOR KEY SHARE OF l"
            " ON CONFLICT (label_id, contact_id) DO NOTHING",
            [winner_id, loser_id],
        )
        cursor.execute("DELETE FROM phonebook_contactlabel WHERE contact_id = %s", [loser_id])


def _move_lists(winner_id: int, loser_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_listmember AS m (workspace_id, list_id, contact_id, columns, added)"
            " SELECT l.workspace_id, l.id, %s, c.columns, c.added FROM phonebook_list AS l"
            " JOIN phonebook_listmember AS c ON c.list_id = l.id WHERE c.contact_id = %s ORDER BY l.id"
            " FOR KEY SHARE OF l"
            " ON CONFLICT (list_id, contact_id) DO UPDATE SET columns = excluded.columns || m.columns",
            [winner_id, loser_id],
        )
        cursor.execute("DELETE FROM phonebook_listmember WHERE contact_id = %s", [loser_id])


def _fill(winner: Contact, loser: Contact) -> None:
    for name in ("name", "profile_name", "phone", "username", "language"):
        setattr(winner, name, getattr(winner, name) or getattr(loser, name))
    winner.fields = {**loser.fields, **winner.fields}
    winner.blocked = winner.blocked or loser.blocked
    winner.save(update_fields=["name", "profile_name", "phone", "username", "language", "fields", "blocked"])

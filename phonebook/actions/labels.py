"""Labels: the workspace's words, and which contact carries which."""

from collections.abc import Collection

from django.db import IntegrityError, connection, transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from phonebook.actions.addresses import locked
from phonebook.actions.refusals import Refused
from phonebook.models import Contact, ContactLabel, Label

NAME_CHARS = 40


@retrying_deadlocks
def set_labels(
    *, member: Membership, contact_id: int, label_ids: Collection[int], new: Collection[str] = ()
) -> Contact:
    """The contact carries exactly these labels, and those called `new`, which are made if there are none of that name.

    Raises Refused (field "new_labels"), Contact.DoesNotExist. A label that is gone meanwhile is left out.
    """
    with scope(member.workspace_id, durable=True):
        contact = locked(contact_id)
        put_labels(contact, label_ids, new)
        return contact


@retrying_deadlocks
def create_label(*, member: Membership, name: str) -> Label:
    """A new label. Raises Refused (field "name")."""
    with scope(member.workspace_id, durable=True):
        return _save(Label(workspace_id=member.workspace_id), name)


@retrying_deadlocks
def rename_label(*, member: Membership, label_id: int, name: str) -> Label:
    """Gives a label another name, on everybody who carries it. Raises Refused (field "name"), Label.DoesNotExist."""
    with scope(member.workspace_id, durable=True):
        return _save(Label.objects.get(pk=label_id), name)


@retrying_deadlocks
def delete_label(*, member: Membership, label_id: int) -> Label:
    """Takes a label off everybody, and away. Raises Label.DoesNotExist."""
    with scope(member.workspace_id, durable=True):
        label = Label.objects.select_for_update().get(pk=label_id)
        name = label.name
        ContactLabel.objects.filter(label=label).delete()
        label.delete()
        label.name = name
        return label


def put_labels(contact: Contact, label_ids: Collection[int], new: Collection[str] = ()) -> None:
    """`set_labels` of a locked contact, inside the caller's scope. Raises Refused."""
    wanted = {*label_ids, *_named(contact.workspace_id, new)}
    ContactLabel.objects.filter(contact=contact).exclude(label_id__in=wanted).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_contactlabel (workspace_id, contact_id, label_id)"
            # Locked: without its own key to the label, a deletion at the same time would fail both at COMMIT.
            " SELECT workspace_id, %s, id FROM phonebook_label WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
            " ON CONFLICT (label_id, contact_id) DO NOTHING",
            [contact.pk, sorted(wanted)],
        )


def _named(workspace_id: int, names: Collection[str]) -> list[int]:
    """The ids of the labels of these names, made where there are none; case does not matter."""
    wanted: dict[str, str] = {}
    for name in map(_checked, names):
        wanted.setdefault(name.lower(), name)
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_label (workspace_id, name, created)"
            " SELECT %s, name, now() FROM unnest(%s::text[]) AS name ORDER BY lower(name)"
            " ON CONFLICT (workspace_id, lower(name)) DO NOTHING",
            [workspace_id, list(wanted.values())],
        )
        cursor.execute(
            "SELECT id FROM phonebook_label WHERE lower(name) IN (SELECT lower(unnest(%s::text[])))",
            [list(wanted.values())],
        )
        return [row[0] for row in cursor.fetchall()]


def _save(label: Label, name: str) -> Label:
    label.name = _checked(name, "name")
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise Refused(_("There is a label with this name already."), "name") from error
    return label


def _checked(name: str, field: str = "new_labels") -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused(_("A label needs a name."), field)
    if len(name) > NAME_CHARS:
        raise Refused(format_lazy(_("A label has at most {limit} characters."), limit=NAME_CHARS), field)
    return name

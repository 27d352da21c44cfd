"""Contacts that share a phone number without being one: somebody known by a user id whose number came later.

Until they are merged, what one of them refuses counts for the other: the message would reach the same person.
"""

from collections.abc import Collection

from django.db import connection

from phonebook.models import Contact, Identity
from phonebook.phones import canonical


def with_twins(contact_ids: Collection[int]) -> dict[int, set[int]]:
    """Each of these contacts, and those who have the same number. Two queries, in the caller's scope or crossing."""
    rows = Contact.objects.filter(pk__in=contact_ids).exclude(phone=None)
    phones = {
        pk: (workspace, phone or "")
        for pk, workspace, phone in rows.values_list("pk", "workspace_id", "phone")
    }
    same: dict[int, set[int]] = {pk: {pk} for pk in contact_ids}
    if not phones:
        return same
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.id, i.contact_id FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[])"
            " AS n (id, workspace_id, phone, digits) JOIN phonebook_identity i ON i.workspace_id = n.workspace_id"
            " AND i.portfolio_id = '' AND i.kind = %s AND i.value = n.digits"
            " UNION SELECT n.id, c.id FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS n (id, workspace_id, phone)"
            " JOIN phonebook_contact c ON c.workspace_id = n.workspace_id AND c.phone = n.phone"
            " AND c.merged_into_id IS NULL",
            [
                list(phones),
                [workspace for workspace, _phone in phones.values()],
                [phone for _workspace, phone in phones.values()],
                [canonical(phone) for _workspace, phone in phones.values()],
                str(Identity.Kind.WA_ID),
                list(phones),
                [workspace for workspace, _phone in phones.values()],
                [phone for _workspace, phone in phones.values()],
            ],
        )
        for contact_id, twin in cursor.fetchall():
            same[contact_id].add(twin)
    return same

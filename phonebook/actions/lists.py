"""What people do to lists: one verb, one function, one durable transaction. Everything set-based.

A list holds contacts of its own workspace only: row-level security hides the others from every SELECT below. Never
touches a contact.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _
from psycopg.errors import ForeignKeyViolation

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from phonebook.actions.refusals import Refused, violated
from phonebook.lists import members_sql
from phonebook.models import List
from phonebook.rules import checked

LISTS_COMBINED_AT_MOST = 20
# Which of the people on any of the lists are on the new one; list 0 is the first that was chosen.
COMBINED = {
    "union": "true",
    "difference": "max(list_position) = 0",
    "intersection": "count(DISTINCT list_position) = %s",
}

Query = tuple[str, Sequence[Any]]  # a SELECT of one column called contact_id, and its parameters


@retrying_deadlocks
def create_list(
    *,
    member: Membership,
    name: str,
    contact_ids: Sequence[int] = (),
    query: Query | None = None,
    rule: Mapping[str, Any] | None = None,
) -> List:
    """A new list of these contacts and of everybody that `query` selects; with a `rule`, a dynamic list.

    Contacts of other workspaces and merged ones are left out silently. Raises Refused (a taken or empty name),
    rules.BadRule.
    """
    kept = None if rule is None else checked(rule)
    with writing(member):
        made = named(List(workspace_id=member.workspace_id, created_by=member, rule=kept), name)
        if kept is None:
            _put_on(made, _given(contact_ids))
            if query is not None:
                _put_on(made, query)
    return made


def save_people(*, member: Membership, name: str, people: Query | Sequence[int]) -> List:
    """A new list of people that something else knows: contact ids, or a SELECT of them. Raises Refused."""
    if len(people) == 2 and isinstance(people[0], str):
        return create_list(member=member, name=name, query=cast("Query", people))
    return create_list(member=member, name=name, contact_ids=cast("Sequence[int]", people))


def rename(*, member: Membership, list_id: int, name: str) -> List:
    """Gives a list another name. Raises Refused, List.DoesNotExist."""
    with writing(member):
        return named(List.objects.select_for_update(no_key=True).get(pk=list_id), name)


def set_rule(*, member: Membership, list_id: int, name: str, rule: Mapping[str, Any]) -> List:
    """Gives a dynamic list another name and rule. Raises Refused, rules.BadRule, List.DoesNotExist."""
    kept = checked(rule)
    with writing(member):
        changed = List.objects.select_for_update(no_key=True).get(pk=list_id)
        if changed.rule is None:
            raise Refused(_("The people on this list were chosen one by one. Make a new list for a rule."))
        changed.rule = kept
        return named(changed, name)


@retrying_deadlocks
def add(
    *, member: Membership, list_id: int, contact_ids: Sequence[int] = (), query: Query | None = None
) -> int:
    """Puts contacts on a list; returns how many were not on it before. Raises Refused, List.DoesNotExist."""
    with writing(member):
        target = _static(list_id)
        added = _put_on(target, _given(contact_ids))
        return added + (_put_on(target, query) if query is not None else 0)


@retrying_deadlocks
def remove(*, member: Membership, list_id: int, contact_ids: Sequence[int]) -> int:
    """Takes contacts off a list; returns how many were on it. Raises Refused, List.DoesNotExist."""
    with writing(member), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM phonebook_listmember WHERE list_id = %s AND contact_id = ANY(%s)",
            [_static(list_id).pk, list(contact_ids)],
        )
        gone: int = cursor.rowcount
    return gone


@retrying_deadlocks
def copy(*, member: Membership, list_id: int, name: str) -> List:
    """A second list like the first: the same people and their columns, or the same rule. Raises as `combine`."""
    with writing(member):
        original = List.objects.get(pk=list_id)
        made = named(List(workspace_id=member.workspace_id, created_by=member, rule=original.rule), name)
        if original.rule is None:
            _put_on(made, _combined("union", [original]), "p.columns")
    return made


@retrying_deadlocks
def combine(*, member: Membership, kind: str, list_ids: Sequence[int], name: str) -> List:
    """A new list out of others, as they are now: on any of them (`union`), on all (`intersection`), on the first but
    on no other (`difference`). Columns come from the first list that has the person.

    Raises Refused, List.DoesNotExist, KeyError for another kind.
    """
    chosen = list(dict.fromkeys(list_ids))
    if not chosen or (kind != "union" and len(chosen) < 2):
        raise Refused(_("Choose at least two lists."), "lists")
    if len(chosen) > LISTS_COMBINED_AT_MOST:
        raise Refused(_("Choose 20 lists at most."), "lists")
    with writing(member):
        found = List.objects.in_bulk(chosen)
        if len(found) < len(chosen):
            raise List.DoesNotExist
        made = named(List(workspace_id=member.workspace_id, created_by=member), name)
        _put_on(made, _combined(kind, [found[list_id] for list_id in chosen]), "p.columns")
    return made


def delete(*, member: Membership, list_id: int) -> None:
    """Deletes a list, not its contacts. Raises Refused when a campaign was sent to it, List.DoesNotExist."""
    used = Refused(
        _("A campaign uses this list, and its report needs to know it. You can rename the list instead.")
    )
    try:
        with writing(member, gone=used):
            List.objects.select_for_update().get(pk=list_id).delete()
    except ProtectedError as error:
        raise used from error


@contextmanager
def writing(member: Membership, *, gone: Refused | None = None) -> Iterator[None]:
    """A durable scope in which `member` certainly may change lists. Raises Refused.

    References are checked at COMMIT, so only there it shows that a list was deleted meanwhile: then `gone` is raised.
    """
    try:
        with scope(member.workspace_id, durable=True):
            now = Membership.objects.filter(pk=member.pk, is_active=True).first()
            if now is None or not now.may_send_to_lists:
                raise Refused(_("You may not change lists. An admin can allow it."))
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, ForeignKeyViolation):
            raise gone or Refused(_("This list was deleted meanwhile.")) from error
        raise


def named(target: List, name: str) -> List:
    """Gives the list this name and saves it, inside the scope of an action. Raises Refused."""
    target.name = " ".join(name.split())
    if not target.name:
        raise Refused(_("Give the list a name."), "name")
    if len(target.name) > 120 or "\x00" in target.name:
        raise Refused(_("A name has 120 characters at most."), "name")
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError as error:
        if violated(error) == "phonebook_list_once":
            raise Refused(_("There is a list with this name already."), "name") from error
        raise
    return target


def _static(list_id: int) -> List:
    target = List.objects.get(pk=list_id)
    if target.rule is not None:
        raise Refused(_("The people on this list follow from its rule. Change the rule instead."))
    return target


def _given(contact_ids: Sequence[int]) -> Query:
    return "SELECT unnest(%s::bigint[]) AS contact_id", [list(contact_ids)]


def _combined(kind: str, lists: Sequence[List]) -> Query:
    sql, values = members_sql(lists)
    having = COMBINED[kind]
    return (
        "SELECT contact_id, (array_agg(columns ORDER BY list_position))[1] AS columns"
        f" FROM ({sql}) AS people GROUP BY contact_id HAVING {having}",
        [*values, *([len(lists)] if "%s" in having else [])],
    )


def _put_on(target: List, query: Query, columns: str = "'{}'::jsonb") -> int:
    """Puts whom the query selects on the list; returns how many were not on it before."""
    sql, values = query
    with connection.cursor() as cursor:
        cursor.execute(
            # In the order of ids: two who add the same people never wait for each other.
            "INSERT INTO phonebook_listmember (workspace_id, list_id, contact_id, columns, added)"
            f" SELECT %s, %s, p.contact_id, {columns}, now() FROM ({sql}) AS p"
            " JOIN phonebook_contact c ON c.id = p.contact_id AND c.merged_into_id IS NULL"
            " ORDER BY p.contact_id ON CONFLICT (list_id, contact_id) DO NOTHING",
            [target.workspace_id, target.pk, *values],
        )
        added: int = cursor.rowcount
    return added

"""Who wrote? Turns the addresses in a batch of messages into contacts, creating those never seen before.

Set-based and safe against itself: two workers that meet the same new customer end with one contact. Runs inside the
caller's transaction, which sees every workspace (tenancy.crossing) or one (tenancy.scope).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from phonebook.merges import hold_back_merges
from phonebook.models import Identity
from phonebook.phones import canonical

RANK = {str(Identity.Kind.BSUID): 0, str(Identity.Kind.PARENT): 1, str(Identity.Kind.WA_ID): 2}
KEYS = (
    "unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS k (workspace_id, portfolio_id, kind, value)"
)


class Key(NamedTuple):
    """One address, as unique as Meta makes it: BSUIDs per business portfolio."""

    workspace_id: int
    portfolio_id: str
    kind: str
    value: str


@dataclass(frozen=True)
class Person:
    """A customer as one message names them. At least one of the three ids is set; a username is never a key."""

    workspace_id: int
    portfolio_id: str
    user_id: str | None
    parent_user_id: str | None
    wa_id: str | None
    profile_name: str = ""
    username: str = ""

    @property
    def keys(self) -> list[Key]:
        """Most trusted first: BSUID, parent BSUID, phone. A phone is the same in every portfolio and spelling."""
        rows = [
            (self.portfolio_id, Identity.Kind.BSUID, self.user_id),
            (self.portfolio_id, Identity.Kind.PARENT, self.parent_user_id),
            ("", Identity.Kind.WA_ID, canonical(self.wa_id) if self.wa_id else None),
        ]
        return [Key(self.workspace_id, where, str(kind), value) for where, kind, value in rows if value]

    @property
    def phone(self) -> str | None:
        """E.164: a wa_id is one without the plus."""
        return f"+{self.wa_id}" if self.wa_id else None


class _Known(NamedTuple):
    contact_id: int
    profile_name: str
    username: str
    phone: str | None


def resolve(people: Sequence[Person]) -> list[int]:
    """The contact id of each person, in order: two queries when everybody is known and nothing changed.

    Never a contact that was merged into another: its addresses have moved, and until COMMIT no others do.
    Where an address is known the contact's profile name, username and (if it had none) phone follow WhatsApp.
    """
    hold_back_merges(person.workspace_id for person in people)
    keys = {key for person in people for key in person.keys}
    known = _look_up(keys)
    if len(known) < len(keys):
        _add(people, known)
        known = _look_up(keys)
    contacts = [next(known[key] for key in person.keys) for person in people]
    _freshen(people, contacts)
    return [contact.contact_id for contact in contacts]


def _look_up(keys: Iterable[Key]) -> dict[Key, _Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.workspace_id, i.portfolio_id, i.kind, i.value, c.id, c.profile_name, c.username, c.phone"
            f" FROM {KEYS} JOIN phonebook_identity i USING (workspace_id, portfolio_id, kind, value)"
            " JOIN phonebook_contact c ON c.id = i.contact_id",
            _columns(sorted(keys), 4),
        )
        return {Key(*row[:4]): _Known(*row[4:]) for row in cursor.fetchall()}


@dataclass
class _Group:
    """Messages of a batch that share an address, hence a person."""

    person: Person
    keys: set[Key]
    contact_id: int | None

    @property
    def most_trusted_first(self) -> list[Key]:
        return sorted(self.keys, key=lambda key: (RANK[key.kind], key.value))


def _add(people: Sequence[Person], known: dict[Key, _Known]) -> None:
    """Claims the new addresses first and creates contacts only for those it got.

    The insert of an address that another worker is inserting waits for that worker's commit and then yields, so
    whoever inserted the address decides the contact. Sorted, so that two workers never wait for each other. The
    reference from identity to contact is checked at COMMIT, which is why the contacts can come last.
    """
    groups = _groups(people, known)
    fresh = _new_contact_ids(sum(group.contact_id is None for group in groups))
    mine = set(fresh)
    for group in groups:
        group.contact_id = group.contact_id or fresh.pop()
    _insert_identities({key: group.contact_id for group in groups for key in group.keys if key not in known})
    owners = _owners({key for group in groups for key in group.keys})
    born: dict[int, Person] = {}
    moved: dict[Key, int] = {}
    for group in groups:
        others = [owners[key] for key in group.most_trusted_first if owners[key] not in mine]
        if others:  # somebody had, or just got, one of the addresses: that contact is this person
            moved.update({key: others[0] for key in group.keys if owners[key] in mine})
        else:
            born[group.contact_id or 0] = group.person
    _repoint(moved)
    _insert_contacts(born)


def _groups(people: Sequence[Person], known: dict[Key, _Known]) -> list[_Group]:
    by_key: dict[Key, _Group] = {}
    for person in people:
        keys = set(person.keys)
        if keys <= known.keys():
            continue
        contact_id = next((known[key].contact_id for key in person.keys if key in known), None)
        group = _Group(person, keys, contact_id)
        for other in {id(by_key[key]): by_key[key] for key in keys if key in by_key}.values():
            group = _Group(other.person, group.keys | other.keys, group.contact_id or other.contact_id)
        by_key.update(dict.fromkeys(group.keys, group))
    return list({id(group): group for group in by_key.values()}.values())


def _new_contact_ids(n: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('phonebook_contact', 'id')) FROM generate_series(1, %s)",
            [n],
        )
        return [contact_id for (contact_id,) in cursor.fetchall()]


def _insert_identities(owner: dict[Key, int | None]) -> None:
    keys = sorted(owner)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_identity (workspace_id, portfolio_id, kind, value, contact_id, first_seen)"
            " SELECT n.*, now() FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[]) AS n"
            " ON CONFLICT (workspace_id, portfolio_id, kind, value) DO NOTHING",
            [*_columns(keys, 4), [owner[key] for key in keys]],
        )


def _owners(keys: Iterable[Key]) -> dict[Key, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, portfolio_id, kind, value, contact_id FROM phonebook_identity"
            f" JOIN {KEYS} USING (workspace_id, portfolio_id, kind, value)",
            _columns(sorted(keys), 4),
        )
        return {Key(*row[:4]): row[4] for row in cursor.fetchall()}


def _repoint(contact_of: dict[Key, int]) -> None:
    if not contact_of:
        return
    keys = sorted(contact_of)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE phonebook_identity i SET contact_id = k.contact_id"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[])"
            " AS k (workspace_id, portfolio_id, kind, value, contact_id)"
            " WHERE (i.workspace_id, i.portfolio_id, i.kind, i.value) = (k.workspace_id, k.portfolio_id, k.kind, k.value)",
            [*_columns(keys, 4), [contact_of[key] for key in keys]],
        )


def _insert_contacts(born: dict[int, Person]) -> None:
    rows = [
        (contact_id, person.workspace_id, person.profile_name, person.username, person.phone)
        for contact_id, person in born.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_contact"
            " (id, workspace_id, profile_name, username, phone, name, language, created)"
            " SELECT n.*, '', '', now() FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]) AS n",
            _columns(rows, 5),
        )


def _freshen(people: Sequence[Person], contacts: Sequence[_Known]) -> None:
    latest: dict[int, _Known] = {}
    for person, contact in zip(people, contacts, strict=True):
        now = _Known(
            contact.contact_id,
            person.profile_name or contact.profile_name,
            person.username or contact.username,
            contact.phone or person.phone,
        )
        if now != contact:
            latest[contact.contact_id] = now
    if not latest:
        return
    rows = [latest[contact_id] for contact_id in sorted(latest)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM phonebook_contact WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(latest)],
        )
        cursor.execute(
            "UPDATE phonebook_contact c SET profile_name = n.profile_name, username = n.username, phone = n.phone"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS n (id, profile_name, username, phone)"
            " WHERE c.id = n.id",
            _columns(rows, 4),
        )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]

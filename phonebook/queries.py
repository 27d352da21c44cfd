"""What the phonebook reads: the list of contacts, one contact with all that is known, the labels.

Every function runs inside a tenancy scope and asks a fixed number of questions, however many rows come back. Pages are
keyset pages in the order of names; contacts that were merged away are in none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import connection
from django.db.models import Count, F, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan  # type: ignore[import-untyped]

from phonebook.lists import members_sql
from phonebook.models import (
    Consent,
    Contact,
    ContactLabel,
    Identity,
    Keyword,
    Label,
    List,
    ListMember,
    Marketing,
)
from phonebook.phones import canonical

CONTACTS_PER_PAGE = 50
LEDGER_AT_MOST = 200
_LONGEST_WORDS = 100
_LONGEST_CURSOR = 400

CHOICES = {"unknown": Marketing.UNKNOWN, "in": Marketing.OPTED_IN, "out": Marketing.OPTED_OUT}


@dataclass(frozen=True)
class Filter:
    """Which contacts are meant: words (name, number in any form, username), a label, a list, a state of consent.

    `list` and `label` are rows of the workspace. All of them together; nothing given means everybody.
    """

    q: str = ""
    label: Label | None = None
    list: List | None = None
    marketing: Marketing | None = None

    @property
    def words(self) -> str:
        """What the database looks for: no NUL (it stores none), no @ before a username."""
        return " ".join(self.q.replace("\0", " ").split())[:_LONGEST_WORDS].removeprefix("@")


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: what comes after it has a greater name, or the same and a greater id."""

    name: str
    id: int

    def __str__(self) -> str:
        return f"{self.id}_{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The cursor written as `<id>_<sort_name>`; None for anything else."""
        number, separator, name = text.partition("_")
        if not separator or len(text) > _LONGEST_CURSOR or not (number.isascii() and number.isdigit()):
            return None
        return None if "\0" in name else cls(name, min(int(number), 2**63 - 1))


@dataclass
class Page:
    """Some contacts with what a row shows, and the cursor of what comes after them, if anything does."""

    rows: list["Row"]
    more: Cursor | None = None


@dataclass
class Row:
    """A contact in the list."""

    contact: Contact
    labels: list[Label] = field(default_factory=list)
    lists: int = 0  # static ones; membership of a dynamic list follows from its rule


def page(
    workspace_id: int, chosen: Filter, after: Cursor | None = None, *, size: int = CONTACTS_PER_PAGE
) -> Page:
    """One page of the phonebook, by name. Three questions, whatever is filtered by."""
    contacts = matching(workspace_id, chosen, after, at_most=size + 1)
    found = list(contacts.order_by("sort_name", "id")[: size + 1])
    shown = found[:size]
    more = Cursor(shown[-1].sort_name, shown[-1].pk) if len(found) > size else None
    return Page(rows(shown), more)


def rows(contacts: Sequence[Contact]) -> list[Row]:
    """The contacts with their labels and how many lists they are on. Two questions."""
    by_id = {contact.pk: Row(contact) for contact in contacts}
    carried = ContactLabel.objects.filter(contact_id__in=by_id).select_related("label")
    for one in carried.order_by("label__name"):
        by_id[one.contact_id].labels.append(one.label)
    on = ListMember.objects.filter(contact_id__in=by_id).values("contact_id").order_by("contact_id")
    for counted in on.annotate(lists=Count("list_id")):
        by_id[counted["contact_id"]].lists = counted["lists"]
    return list(by_id.values())


def matching(
    workspace_id: int, chosen: Filter, after: Cursor | None = None, *, at_most: int | None = None
) -> "QuerySet[Contact]":
    """Everybody the filter means after the cursor, unordered; with `at_most`, maybe no more than the first ones."""
    contacts = Contact.objects.filter(workspace_id=workspace_id, merged_into__isnull=True)
    if after is not None:
        contacts = contacts.filter(TupleGreaterThan(Tuple(F("sort_name"), F("id")), (after.name, after.id)))
    rule = chosen.list if chosen.list is not None and chosen.list.rule is not None else None
    if rule is not None:
        sql, values = members_sql([rule])
        people = RawSQL(f"SELECT contact_id FROM ({sql}) AS people", values)  # noqa: S611 - values are parameters
        contacts = contacts.filter(pk__in=people)
    if chosen.words:
        # The function knows no rules: limited to some, it might leave out just those who are on the list.
        return contacts.filter(pk__in=_search(chosen, after, None if rule is not None else at_most))
    if chosen.marketing is not None:
        contacts = contacts.filter(marketing=chosen.marketing)
    if chosen.label is not None:
        contacts = contacts.filter(
            pk__in=ContactLabel.objects.filter(label=chosen.label).values("contact_id")
        )
    if chosen.list is not None and rule is None:
        contacts = contacts.filter(pk__in=ListMember.objects.filter(list=chosen.list).values("contact_id"))
    return contacts


def people_sql(workspace_id: int, chosen: Filter) -> tuple[str, tuple[Any, ...]]:
    """A SELECT of `contact_id` with its parameters: everybody the filter means, to embed in parentheses."""
    people = matching(workspace_id, chosen).values(contact_id=F("pk"))
    sql, values = people.query.sql_with_params()
    return sql, tuple(values)


def contact(workspace_id: int, contact_id: int) -> Contact:
    """The workspace's contact, merged ones included. Raises Contact.DoesNotExist."""
    return Contact.objects.get(workspace_id=workspace_id, pk=contact_id)


@dataclass
class Known:
    """All that is known of a contact beside its own row."""

    identities: list[Identity]
    labels: list[Label]
    lists: list[List]
    ledger: list[Consent]
    twin: Contact | None  # somebody else who has this contact's number: one person twice


def known(contact: Contact) -> Known:
    """Addresses, labels, static lists and the ledger, newest first. Five questions."""
    carried = ContactLabel.objects.filter(contact=contact).select_related("label")
    member_of = ListMember.objects.filter(contact=contact).select_related("list")
    ledger = Consent.objects.filter(contact=contact).select_related("member__user")
    return Known(
        identities=list(Identity.objects.filter(contact=contact).order_by("first_seen", "id")),
        labels=[one.label for one in carried.order_by("label__name")],
        lists=[one.list for one in member_of.order_by("list__name")],
        ledger=list(ledger.order_by("-at", "-id")[:LEDGER_AT_MOST]),
        twin=twin(contact),
    )


def twin(contact: Contact) -> Contact | None:
    """Somebody else who has the number that WhatsApp told of this contact: known by a username until then."""
    if not contact.phone:
        return None
    other = Identity.objects.filter(
        portfolio_id="", kind=Identity.Kind.WA_ID, value=canonical(contact.phone)
    ).exclude(contact=contact)
    found = other.select_related("contact").first()
    return found.contact if found else None


def labels(workspace_id: int) -> list[Label]:
    """The workspace's labels by name, each with `carried`: how many contacts carry it. Two questions."""
    found = list(Label.objects.filter(workspace_id=workspace_id).order_by("name", "id"))
    rows = ContactLabel.objects.filter(label__in=found).values("label_id").order_by("label_id")
    counted = {row["label_id"]: row["n"] for row in rows.annotate(n=Count("id"))}
    for label in found:
        label.carried = counted.get(label.pk, 0)  # type: ignore[attr-defined]
    return found


def label_choices(workspace_id: int) -> list[Label]:
    """The workspace's labels by name."""
    return list(Label.objects.filter(workspace_id=workspace_id).order_by("name", "id"))


def list_choices(workspace_id: int) -> list[List]:
    """The workspace's lists by name."""
    return list(List.objects.filter(workspace_id=workspace_id).order_by("name", "id"))


def keywords(workspace_id: int) -> list[Keyword]:
    """The workspace's own keywords, switched-off ones included."""
    return list(Keyword.objects.filter(workspace_id=workspace_id).order_by("word"))


def field_names(workspace_id: int) -> list[str]:
    """The names of all free fields in use. Reads every contact: for exports, not for pages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT key FROM phonebook_contact, jsonb_object_keys(fields) AS key"
            " WHERE workspace_id = %s AND merged_into_id IS NULL ORDER BY key",
            [workspace_id],
        )
        return [key for (key,) in cursor.fetchall()]


def _search(chosen: Filter, after: Cursor | None, at_most: int | None) -> RawSQL:
    """The function of the database repeats the tenant check: row-level security would switch its index off."""
    where = after or Cursor("", 0)
    static = chosen.list if chosen.list is not None and chosen.list.rule is None else None
    return RawSQL(
        "SELECT phonebook_search(%s, %s, %s, %s, %s, %s, %s)",
        [
            chosen.words,
            at_most,
            where.name,
            where.id,
            chosen.label.pk if chosen.label else None,
            static.pk if static else None,
            int(chosen.marketing) if chosen.marketing is not None else None,
        ],
    )

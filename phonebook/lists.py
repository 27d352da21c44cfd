"""Who is on a list: rows of a static one, the answer to its rule of a dynamic one. Reads only.

Every function runs inside a tenancy scope. `members_sql` is what campaigns expand and figures count; it must stay
one plain SELECT that PostgreSQL can plan as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan  # type: ignore[import-untyped]
from django.db.models.functions import Lower

from phonebook.models import List, ListMember
from phonebook.rules import condition_sql

LISTS_PER_PAGE = 50

_NOBODY = "SELECT 0 AS list_position, 0::bigint AS contact_id, '{}'::jsonb AS columns WHERE false"
_STATIC = "SELECT %s::int AS list_position, m.contact_id, m.columns FROM phonebook_listmember m WHERE m.list_id = %s"
_DYNAMIC = (
    "SELECT %s::int AS list_position, c.id AS contact_id, '{}'::jsonb AS columns FROM phonebook_contact c"
    " WHERE c.workspace_id = %s AND c.merged_into_id IS NULL AND"
)


def members_sql(lists: Sequence[List]) -> tuple[str, list[Any]]:
    """A SELECT of (list_position int, contact_id bigint, columns jsonb) with its parameters, to embed in parentheses.

    `list_position` counts from 0 in the order of `lists`. A contact on several lists comes once for each. Merged
    contacts are not on dynamic lists; blocked ones are. Raises rules.BadRule.
    """
    parts, values = [], []
    for position, one in enumerate(lists):
        if one.rule is None:
            parts.append(_STATIC)
            values += [position, one.pk]
        else:
            condition, parameters = condition_sql(one.rule, one.workspace_id)
            parts.append(f"{_DYNAMIC} ({condition})")
            values += [position, one.workspace_id, *parameters]
    return " UNION ALL ".join(parts) or _NOBODY, values


def counts(lists: Sequence[List]) -> list[int]:
    """How many contacts are on each list, in one question."""
    sql, values = members_sql(lists)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT list_position, count(*) FROM ({sql}) AS people GROUP BY 1", values)
        found = dict(cursor.fetchall())
    return [found.get(position, 0) for position in range(len(lists))]


@dataclass
class Row:
    """A list in the list of lists. `people` is None for a dynamic one: to count it would be to look at everybody."""

    list: List
    people: int | None


def page(workspace_id: int, after: tuple[str, int] | None = None) -> tuple[list[Row], tuple[str, int] | None]:
    """LISTS_PER_PAGE lists by name, and (lower name, id) of the last one if there are more. Two questions."""
    chosen = List.objects.filter(workspace_id=workspace_id).annotate(low=Lower("name"))
    if after is not None:
        chosen = chosen.filter(TupleGreaterThan(Tuple(Lower("name"), F("id")), after))
    found = list(chosen.select_related("created_by__user").order_by("low", "id")[: LISTS_PER_PAGE + 1])
    shown = found[:LISTS_PER_PAGE]
    on = ListMember.objects.filter(list__in=[one.pk for one in shown if one.rule is None])
    people = dict(on.order_by("list_id").values_list("list_id").annotate(Count("id")))
    rows = [Row(one, people.get(one.pk, 0) if one.rule is None else None) for one in shown]
    last = shown[-1] if len(found) > LISTS_PER_PAGE else None
    return rows, (last.low, last.pk) if last else None


def columns(one: List, contact_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """What the list alone says of these contacts, by contact id. One question."""
    rows = ListMember.objects.filter(list=one, contact_id__in=contact_ids).values_list(
        "contact_id", "columns"
    )
    return dict(rows)


def static_choices(workspace_id: int) -> list[List]:
    """The lists whose people are chosen one by one, by name."""
    chosen = List.objects.filter(workspace_id=workspace_id, rule__isnull=True)
    return list(chosen.order_by(Lower("name"), "id"))


def field_names(workspace_id: int) -> list[str]:
    """Names of free fields, as the newest contacts have them: to choose from, not to be complete."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT key FROM (SELECT fields FROM phonebook_contact WHERE workspace_id = %s"
            " ORDER BY workspace_id DESC, id DESC LIMIT 2000) AS newest, jsonb_object_keys(fields) AS key"
            " ORDER BY key LIMIT 200",
            [workspace_id],
        )
        return [key for (key,) in cursor.fetchall()]

"""What the Marketing tab reads: the broadcasts of a workspace, and the threads of one of them.

As in queries.py: inside a tenancy scope, keyset pages, a fixed number of questions. A thread is listed under every
broadcast that was sent to its customer, whatever state it is in; its row is the one of every other tab.
"""

from dataclasses import dataclass

from django.db import connection

from inbox import queries
from inbox.models import Broadcast, Message
from inbox.queries import EPOCH, Cursor, Page

GROUPS_PER_PAGE = 20


@dataclass(frozen=True)
class Group:
    """A broadcast and how many threads have an answer to it."""

    broadcast: Broadcast
    replied: int


@dataclass
class Groups:
    """Some broadcasts, newest first, and the cursor of what comes after them, if anything does."""

    rows: list[Group]
    more: Cursor | None = None


def groups(workspace_id: int, *, number_id: int | None = None, before: Cursor | None = None) -> Groups:
    """One page of what was sent. Two questions."""
    chosen = Broadcast.objects.filter(workspace_id=workspace_id, started__isnull=False)
    if number_id is not None:
        chosen = chosen.filter(number_id=number_id)
    if before is not None:
        chosen = chosen.filter(before.after("started"))
    found = list(
        chosen.select_related("number", "workspace").order_by("-started", "-id")[: GROUPS_PER_PAGE + 1]
    )
    shown = found[:GROUPS_PER_PAGE]
    more = None
    if len(found) > GROUPS_PER_PAGE and shown[-1].started is not None:
        more = Cursor(shown[-1].started, shown[-1].pk)
    return Groups(_with_answers(shown), more)


def group(workspace_id: int, broadcast_id: int) -> Group | None:
    """One broadcast that was sent, or None. Two questions."""
    chosen = Broadcast.objects.filter(workspace_id=workspace_id, pk=broadcast_id, started__isnull=False)
    found = _with_answers(list(chosen.select_related("number", "workspace")))
    return found[0] if found else None


def threads(broadcast: Broadcast, *, number_id: int | None = None, before: Cursor | None = None) -> Page:
    """One page of the threads a broadcast was sent to, the last one sent first; of no other number.

    The cursor's `id` is a message's, its time says nothing: the order is that of sending, which never changes.
    """
    if number_id not in (None, broadcast.number_id):
        return Page([])
    sent = Message.objects.filter(broadcast=broadcast, outgoing=True, retry_of__isnull=True)
    if before is not None:
        sent = sent.filter(pk__lt=before.id)
    limit = queries.ROWS_PER_PAGE
    found = list(sent.order_by("-id").values_list("id", "conversation_id")[: limit + 1])
    by_id = {row.pk: row for row in queries.rows(conversation for _, conversation in found[:limit])}
    # A thread stands here once, also when two contacts of the same person were merged into it.
    shown = dict.fromkeys(conversation for _, conversation in found[:limit] if conversation in by_id)
    more = Cursor(EPOCH, found[limit - 1][0]) if len(found) > limit else None
    return Page([by_id[conversation] for conversation in shown], more)


def _with_answers(found: list[Broadcast]) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT broadcast_id, count(DISTINCT conversation_id) FROM inbox_message"
            " WHERE broadcast_id = ANY(%s) AND NOT outgoing GROUP BY broadcast_id",
            [[each.pk for each in found]],
        )
        answered: dict[int, int] = dict(cursor.fetchall())
    return [Group(each, answered.get(each.pk, 0)) for each in found]

"""What the inbox reads: the list, the counts, one thread. Used by pages and by the live hub alike.

Every function runs inside a tenancy scope and asks a fixed number of questions, however many rows come back. Pages are
keyset pages by row comparison; an OFFSET or an OR here would be a hundred times slower at size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan  # type: ignore[import-untyped]

from accounts.models import PhoneNumber, Stream
from inbox.models import Broadcast, Claim, Conversation, Message, SystemLine
from phonebook.models import ContactLabel, Label

ROWS_PER_PAGE = 40
MESSAGES_PER_PAGE = 50
SEARCH_AT_MOST = 100
LINES_AT_MOST = 200
HISTORY_AT_MOST = 5

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_CURSOR = 40


def microseconds(at: datetime) -> int:
    """Microseconds since 1970: exact, unlike a float of seconds."""
    return (at - EPOCH) // _MICROSECOND


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: rows that come after it are older, or equally old with a smaller id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{microseconds(self.at)}_{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The cursor written as `<epoch µs>_<id>`; None for anything else."""
        at, _, number = text.partition("_")
        if len(text) > _LONGEST_CURSOR or not (text.isascii() and at.isdigit() and number.isdigit()):
            return None
        try:
            return cls(EPOCH + int(at) * _MICROSECOND, min(int(number), 2**63 - 1))
        except OverflowError:
            return None

    def after(self, field: str) -> TupleLessThan:
        """The condition for what is older: `(field, id) < (at, id)`, a comparison of rows that an index serves."""
        return TupleLessThan(Tuple(F(field), F("id")), (self.at, self.id))


def conversations() -> "QuerySet[Conversation]":
    """Conversations with all that a row shows, in one question."""
    return Conversation.objects.select_related(
        "workspace", "contact", "number", "holder__user", "last_message"
    )


def rows(ids: Iterable[int]) -> list[Conversation]:
    """The conversations of these ids, newest first."""
    return pinned(conversations().filter(pk__in=ids).order_by("-last_at", "-id"))


def pinned(found: Iterable[Conversation]) -> list[Conversation]:
    """The conversations, each with the broadcast that its customer answered.

    One question more, and only where there is one: a join would be paid by every row, and few have an answer pinned.
    """
    rows = list(found)
    named = broadcasts(row.pinned_id for row in rows)
    for row in rows:
        if row.pinned_id is not None:
            row.pinned = named[row.pinned_id]
    return rows


def broadcasts(ids: Iterable[int | None]) -> dict[int, Broadcast]:
    """The broadcasts of these ids; one question, none when there is no id among them."""
    wanted = {pk for pk in ids if pk is not None}
    return Broadcast.objects.in_bulk(wanted) if wanted else {}


@dataclass
class Page:
    """Some rows and the cursor of what comes after them, if anything does."""

    rows: list[Conversation]
    more: Cursor | None = None


def page(
    workspace_id: int,
    *,
    state: str,
    holder_id: int | None = None,
    number_id: int | None = None,
    before: Cursor | None = None,
) -> Page:
    """One page of a tab, newest first."""
    chosen = conversations().filter(workspace_id=workspace_id, state=state)
    if holder_id is not None:
        chosen = chosen.filter(holder_id=holder_id)
    if number_id is not None:
        chosen = chosen.filter(number_id=number_id)
    if before is not None:
        chosen = chosen.filter(before.after("last_at"))
    found = pinned(chosen.order_by("-last_at", "-id")[: ROWS_PER_PAGE + 1])
    shown = found[:ROWS_PER_PAGE]
    more = Cursor(shown[-1].last_at, shown[-1].pk) if len(found) > ROWS_PER_PAGE else None
    return Page(shown, more)


def search(words: str, *, number_id: int | None = None) -> Page:
    """Conversations in any state whose name, number or messages match, newest first; SEARCH_AT_MOST and one more.

    The function of the database repeats the tenant check: row-level security would switch its indexes off.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT inbox_search(%s, %s, %s)", [words, SEARCH_AT_MOST + 1, number_id])
        found = rows([row[0] for row in cursor.fetchall()])
    shown = found[:SEARCH_AT_MOST]
    return Page(shown, Cursor(shown[-1].last_at, shown[-1].pk) if len(found) > SEARCH_AT_MOST else None)


def counts(workspace_id: int) -> dict[str, dict[str, Any]]:
    """How many conversations are where: by number id (as text) and under "all".

    Each is {"unclaimed": n, "claimed": n, "closed": n, "outbound": n, "holders": {"<membership id>": n}}.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number_id, state, holder_id, sum(n)::bigint FROM inbox_tally"
            " WHERE workspace_id = %s GROUP BY number_id, state, holder_id",
            [workspace_id],
        )
        found = cursor.fetchall()
    counted = {"all": no_counts()}
    for number_id, state, holder_id, n in found:
        for entry in (counted["all"], counted.setdefault(str(number_id), no_counts())):
            entry[state] += n
            if holder_id is not None and n:
                held = entry["holders"]
                held[str(holder_id)] = held.get(str(holder_id), 0) + n
    return counted


def no_counts() -> dict[str, Any]:
    """The counts of a number without conversations."""
    return {**dict.fromkeys(Conversation.State.values, 0), "holders": {}}


def numbers(workspace_id: int) -> list[PhoneNumber]:
    """The workspace's numbers, by name."""
    return list(PhoneNumber.objects.filter(workspace_id=workspace_id).order_by("name", "id"))


def seq(workspace_id: int) -> int:
    """How far the event log has got. Ask before anything else: what changes later is then sent again, never lost."""
    return Stream.objects.filter(pk=workspace_id).values_list("seq", flat=True).first() or 0


def conversation(workspace_id: int, conversation_id: int) -> Conversation:
    """One conversation with all its page shows. Raises Conversation.DoesNotExist, also for another workspace's."""
    return pinned([conversations().get(workspace_id=workspace_id, pk=conversation_id)])[0]


@dataclass
class Thread:
    """A stretch of a thread, oldest first, and the cursor of what lies before it, if anything does."""

    items: list[Message | SystemLine]
    older: Cursor | None = None


def thread(conversation: Conversation, before: Cursor | None = None) -> Thread:
    """The newest MESSAGES_PER_PAGE messages (before the cursor) and the system lines between them."""
    chosen = _messages().filter(conversation_id=conversation.pk)
    if before is not None:
        chosen = chosen.filter(before.after("at"))
    found = list(chosen.order_by("-at", "-id")[: MESSAGES_PER_PAGE + 1])
    shown = found[:MESSAGES_PER_PAGE]
    older = Cursor(shown[-1].at, shown[-1].pk) if len(found) > MESSAGES_PER_PAGE else None
    between = Q(conversation_id=conversation.pk)
    if older is not None:
        between &= Q(at__gte=older.at)
    if before is not None:
        between &= Q(at__lt=before.at)
    events = list(_lines().filter(between).order_by("-at", "-id")[:LINES_AT_MOST])
    _attach(shown, {conversation.pk: conversation})
    for event in events:
        event.workspace = conversation.workspace
    return Thread(sorted([*shown, *events], key=_moment), older)


def messages(ids: Iterable[int]) -> list[Message]:
    """The messages of these ids with what their bubble shows, oldest first. Three questions."""
    found = list(_messages().filter(pk__in=ids).order_by("at", "id"))
    threads = {row.pk: row for row in rows({message.conversation_id for message in found})}
    _attach(found, threads)
    return found


def lines(conversation_ids: Iterable[int], *, since: datetime) -> list[SystemLine]:
    """The system lines of these conversations from `since` on, oldest first."""
    chosen = _lines().select_related("workspace").filter(conversation_id__in=conversation_ids, at__gte=since)
    return list(chosen.order_by("at", "id"))


def history(conversation_id: int) -> list[Claim]:
    """Who held the conversation lately, newest first; the open claim included."""
    chosen = Claim.objects.select_related("member__user").filter(conversation_id=conversation_id)
    return list(chosen.order_by("-started", "-id")[:HISTORY_AT_MOST])


def labels(contact_id: int) -> list[Label]:
    """The labels of a contact, by name."""
    stuck = ContactLabel.objects.filter(contact_id=contact_id).select_related("label")
    return [row.label for row in stuck.order_by("label__name")]


def held_by(workspace_id: int, membership_id: int) -> int:
    """How many conversations a member holds."""
    return Conversation.objects.filter(
        workspace_id=workspace_id, holder_id=membership_id, state=Conversation.State.CLAIMED
    ).count()


def _messages() -> "QuerySet[Message]":
    again = Message.objects.filter(retry_of=OuterRef("pk"))
    return Message.objects.select_related("sender__user").annotate(retried=Exists(again))


def _lines() -> "QuerySet[SystemLine]":
    return SystemLine.objects.select_related("actor__user", "target__user")


def _moment(item: Message | SystemLine) -> tuple[datetime, bool, int]:
    # A line and a message of the same instant: the claim comes before the reply that made it.
    return item.at, isinstance(item, Message), item.pk


def _attach(found: Sequence[Message], threads: dict[int, Conversation]) -> None:
    """Gives each message its conversation, the message it answers and the broadcast it belongs to.

    One question for all the quotes and one for all the broadcasts, where there are any.
    """
    wamids = {message.context_wamid for message in found if message.context_wamid}
    quoted: dict[tuple[int, str | None], Message] = {}
    if wamids:
        answered = Message.objects.select_related("sender__user").filter(
            conversation_id__in=threads,
            number_id__in={thread.number_id for thread in threads.values()},
            wamid__in=wamids,
        )
        quoted = {(message.conversation_id, message.wamid): message for message in answered}
    ours = [message for message in (*found, *quoted.values()) if message.outgoing]
    sent_for = broadcasts(message.broadcast_id for message in ours)
    for message in ours:
        if message.broadcast_id is not None:
            message.broadcast = sent_for[message.broadcast_id]
    for message in found:
        message.conversation = threads[message.conversation_id]
        message.workspace = message.conversation.workspace
        message.quote = quoted.get((message.conversation_id, message.context_wamid))
        if message.quote is not None:
            message.quote.conversation = message.conversation

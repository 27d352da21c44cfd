"""Applies the messages of customers, whole batches at a time.

Idempotent and commutative: the same items, in any order, however often, give the same rows. Counters grow only by
rows that an insert returned. Lock order: contacts, conversations, messages, streams; ascending ids. Runs inside the
caller's `tenancy.crossing()` and never decides what a person may do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from django.db import connection
from django.utils import timezone

from accounts import stream
from inbox import keywords
from inbox.attribution import ANSWERED_SQL, mark
from inbox.keywords import Said
from inbox.models import SERVICE_WINDOW
from phonebook.models import Marketing
from phonebook.resolve import Person, resolve
from whatsapp.events import InboundMessage, opens_window

# WhatsApp's own notices and changes to earlier messages say nothing new. A reaction is news, but it opens no window:
# a closed conversation that it reopened could not be answered.
NO_NEWS = frozenset({"system", "edit", "revoke", "request_welcome"})
NO_ANSWER = NO_NEWS | {"reaction"}


class Number(NamedTuple):
    """A business number as webhooks are routed to it."""

    id: int
    workspace_id: int
    portfolio_id: str


class Received(NamedTuple):
    """A customer's message and the number it was written to."""

    number: Number
    message: InboundMessage


class _Placed(NamedTuple):
    """A message with its conversation, its moment and what it wishes of marketing."""

    item: Received
    conversation_id: int
    at: datetime
    wish: Marketing | None


def apply_messages(items: Sequence[Received]) -> None:
    """Stores each message once, in its customer's one conversation with the number, and wakes the conversation."""
    items = _once(items)
    now = timezone.now()
    moments = [moment(item.message.at, now) for item in items]
    contacts = resolve([_person(item) for item in items])
    wishes = keywords.heed(
        [_said(item, contact, at) for item, contact, at in zip(items, contacts, moments, strict=True)]
    )
    conversations = _conversations(
        {(item.number, contact) for item, contact in zip(items, contacts, strict=True)}
    )
    _wake(
        _insert_messages(
            [
                _Placed(item, conversations[item.number.id, contact], at, wish)
                for item, contact, at, wish in zip(items, contacts, moments, wishes, strict=True)
            ]
        )
    )


def _once(items: Sequence[Received]) -> list[Received]:
    unique = {(item.number.id, item.message.wamid): item for item in reversed(items)}
    # In WhatsApp's order, so that ids grow with time inside a conversation.
    return sorted(unique.values(), key=lambda item: (item.message.at or 0, item.message.position))


def _person(item: Received) -> Person:
    message = item.message
    return Person(
        workspace_id=item.number.workspace_id,
        portfolio_id=item.number.portfolio_id,
        user_id=message.user_id,
        parent_user_id=message.parent_user_id,
        wa_id=message.wa_id,
        profile_name=message.profile_name or "",
        username=message.username or "",
    )


def _said(item: Received, contact_id: int, at: datetime) -> Said:
    message = item.message
    text = message.text if message.group_id is None else None
    return Said(item.number.workspace_id, contact_id, message.type, text or "", at)


def _conversations(pairs: set[tuple[Number, int]]) -> dict[tuple[int, int], int]:
    """The conversation of each (number, contact), created where there is none, all locked in ascending order."""
    ordered = sorted(pairs)
    numbers = [number.id for number, _ in ordered]
    contacts = [contact for _, contact in ordered]
    found = _lock_conversations(numbers, contacts)
    missing = [(number, contact) for number, contact in ordered if (number.id, contact) not in found]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO inbox_conversation"
                " (workspace_id, number_id, contact_id, state, claim_version, unread, last_at, created)"
                " SELECT n.*, 'unclaimed', 0, 0, 'epoch'::timestamptz, now()"
                " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n"
                " ON CONFLICT (number_id, contact_id) DO NOTHING",
                [
                    [number.workspace_id for number, _ in missing],
                    [number.id for number, _ in missing],
                    [contact for _, contact in missing],
                ],
            )
        found = _lock_conversations(numbers, contacts)
    return found


def _lock_conversations(numbers: list[int], contacts: list[int]) -> dict[tuple[int, int], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.number_id, c.contact_id, c.id FROM inbox_conversation c"
            " JOIN unnest(%s::bigint[], %s::bigint[]) AS k (number_id, contact_id) USING (number_id, contact_id)"
            " ORDER BY c.id FOR NO KEY UPDATE OF c",
            [numbers, contacts],
        )
        return {(number, contact): conversation for number, contact, conversation in cursor.fetchall()}


class _Added(NamedTuple):
    """A message that really is new."""

    id: int
    placed: _Placed
    broadcast_id: int | None

    @property
    def workspace_id(self) -> int:
        """Whose it is."""
        return self.placed.item.number.workspace_id


def _insert_messages(rows: Sequence[_Placed]) -> list[_Added]:
    by_key = {(row.item.number.id, row.item.message.wamid): row for row in rows}
    messages = [row.item.message for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                [row.item.number.workspace_id for row in rows],
                [row.conversation_id for row in rows],
                [row.item.number.id for row in rows],
                [message.type for message in messages],
                [message.text or "" for message in messages],
                # One text for all of them: as an array of texts every quote in them would be escaped twice over.
                msgspec.json.encode([message.raw for message in messages]).decode(),
                [row.at for row in rows],
                [message.wamid for message in messages],
                [message.context_wamid or "" for message in messages],
                [mark(message) for message in messages],
                [message.type not in NO_ANSWER for message in messages],
            ],
        )
        added = []
        for number_id, wamid, pk, broadcast_id in cursor.fetchall():
            row = by_key[number_id, wamid]
            added.append(_Added(pk, row, broadcast_id))
        return added


_INSERT = f"""
    INSERT INTO inbox_message (workspace_id, conversation_id, number_id, kind, body, payload, at, wamid, context_wamid,
        broadcast_id, outgoing, created, due, attempt, error_details)
    SELECT n.workspace_id, n.conversation_id, n.number_id, n.kind, n.body, n.payload, n.at, n.wamid, n.context_wamid,
        CASE WHEN n.answers THEN {ANSWERED_SQL} END, false, now(), now(), 0, ''
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
        ARRAY(SELECT jsonb_array_elements(%s::jsonb)), %s::timestamptz[], %s::text[], %s::text[], %s::bigint[],
        %s::bool[])
        AS n (workspace_id, conversation_id, number_id, kind, body, payload, at, wamid, context_wamid, mark, answers)
    ON CONFLICT (number_id, wamid) DO NOTHING
    RETURNING number_id, wamid, id, broadcast_id
"""


@dataclass
class _Waking:
    """What a batch adds to one conversation."""

    workspace_id: int
    messages: list[int] = field(default_factory=list)
    newest: tuple[datetime, int] = (datetime.min.replace(tzinfo=UTC), 0)
    window: datetime | None = None
    answered: bool = False
    unread: int = 0
    broadcast_id: int | None = None

    def add(self, row: _Added) -> None:
        """One more message, in any order."""
        message, at = row.placed.item.message, row.placed.at
        self.messages.append(row.id)
        self.newest = max(self.newest, (at, row.id))
        if opens_window(message):
            self.window = max(self.window or at + SERVICE_WINDOW, at + SERVICE_WINDOW)
        self.answered = self.answered or message.type not in NO_ANSWER
        self.unread += message.type not in NO_NEWS
        if row.broadcast_id is not None:
            self.broadcast_id = max(self.broadcast_id or 0, row.broadcast_id)


def _wake(added: Sequence[_Added]) -> None:
    waking: dict[int, _Waking] = {}
    for row in added:
        waking.setdefault(row.placed.conversation_id, _Waking(row.workspace_id)).add(row)
    if not waking:
        return
    _update_conversations(waking)
    keywords.draw_lines(
        (row.workspace_id, row.placed.conversation_id, row.placed.at, row.placed.wish)
        for row in added
        if row.placed.wish is not None
    )
    for conversation_id, entry in waking.items():
        stream.conversation_changed(entry.workspace_id, conversation_id, entry.messages)
    for workspace_id, broadcast_id in {(row.workspace_id, row.broadcast_id) for row in added}:
        if broadcast_id is not None:
            stream.broadcast_changed(workspace_id, broadcast_id)


def _update_conversations(waking: dict[int, _Waking]) -> None:
    ids = sorted(waking)
    rows = [waking[conversation_id] for conversation_id in ids]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_conversation c SET unread = c.unread + n.unread,"
            " last_message_id = CASE WHEN c.last_message_id IS NULL OR n.at >= c.last_at"
            "   THEN n.message_id ELSE c.last_message_id END,"
            " last_at = greatest(c.last_at, n.at),"
            " window_expires = greatest(c.window_expires, n.window_expires),"
            " pinned_id = greatest(c.pinned_id, n.broadcast_id),"
            " claim_version = c.claim_version + (n.answered AND c.state IN ('closed', 'outbound'))::int,"
            " state = CASE WHEN n.answered AND c.state IN ('closed', 'outbound') THEN 'unclaimed' ELSE c.state END"
            " FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bool[],"
            " %s::bigint[]) AS n (id, unread, message_id, at, window_expires, answered, broadcast_id)"
            " WHERE c.id = n.id",
            [
                ids,
                [row.unread for row in rows],
                [row.newest[1] for row in rows],
                [row.newest[0] for row in rows],
                [row.window for row in rows],
                [row.answered for row in rows],
                [row.broadcast_id for row in rows],
            ],
        )


def moment(seconds: int | None, otherwise: datetime) -> datetime:
    """WhatsApp's unix seconds as a time; `otherwise` where it said none."""
    return otherwise if seconds is None else datetime.fromtimestamp(seconds, UTC)

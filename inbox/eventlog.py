"""What a stretch of the event log changed, thread by thread: several events of one become one change.

Reads rows of the log and the places of messages; what a change looks like is the business of frames.py.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts import stream
from accounts.models import StreamEvent
from inbox.models import Message


@dataclass(slots=True)
class Change:
    """What became of one conversation: since when, whether only ticks of it changed, and which messages."""

    since: datetime
    only_ticks: bool = True
    messages: set[int] = field(default_factory=set)


def events(workspace_id: int, after: int) -> Any:
    """The rows of the log after `after`, oldest first: (seq, kind, object_id, messages, created)."""
    events = StreamEvent.objects.filter(workspace_id=workspace_id, seq__gt=after).order_by("seq")
    return events.values_list("seq", "kind", "object_id", "messages", "created", named=True)


def unbroken(events: list[Any], upto: int) -> list[Any]:
    """The events up to `upto` without a hole: seq has no gaps, so a missing row is one that was folded away."""
    first = len(events)
    while first and events[first - 1].seq == upto - (len(events) - first):
        first -= 1
    return events[first:]


def of_thread(events: Any, conversation_id: int) -> list[Any]:
    """The events that may be about one conversation: its own, and those of broadcasts that name a message of it."""
    ours = Q(object_id=conversation_id, kind__in=(stream.CONVERSATION, stream.TICKS))
    sent = Message.objects.filter(conversation_id=conversation_id, outgoing=True, broadcast__isnull=False)
    ids = list(sent.values_list("pk", flat=True))
    # A few hundred events at most are looked through, so the OR costs nothing here.
    return list(
        events.filter(ours | Q(kind=stream.BROADCAST, messages__overlap=ids)) if ids else events.filter(ours)
    )


def places(events: Iterable[Any], threads: Collection[int] | None = None) -> dict[int, int]:
    """The conversation of each message that an event of a broadcast names; only those of `threads`, if given.

    One question, and none without such events: there may be hundreds of messages in each, in as many threads.
    """
    ids = [pk for event in events if event.kind == stream.BROADCAST for pk in event.messages]
    if not ids or (threads is not None and not threads):
        return {}
    with connection.cursor() as cursor:
        sql = "SELECT id, conversation_id FROM inbox_message WHERE id = ANY(%s)"
        if threads is None:
            cursor.execute(sql, [ids])
        else:
            cursor.execute(f"{sql} AND conversation_id = ANY(%s)", [ids, list(threads)])
        return dict(cursor.fetchall())


def touched(events: Iterable[Any], places: dict[int, int]) -> dict[int, int]:
    """The last seq of each conversation."""
    touched: dict[int, int] = {}
    for event in events:
        if event.kind == stream.BROADCAST:
            touched |= dict.fromkeys((places[pk] for pk in event.messages if pk in places), event.seq)
        elif event.kind != stream.MEMBER:
            touched[event.object_id] = event.seq
    return touched


def coalesce(events: Iterable[Any], places: dict[int, int]) -> dict[int, Change]:
    """One change per conversation, in the order of their last events, ticks first (see frames.py).

    A broadcast's message changes its thread (see `places`) as a tick does: nobody else is told.
    """
    changes: dict[int, Change] = {}

    def note(conversation_id: int, event: Any, messages: Iterable[int]) -> None:
        change = changes.pop(conversation_id, None) or Change(event.created)
        change.only_ticks = change.only_ticks and event.kind != stream.CONVERSATION
        change.messages.update(messages)
        changes[conversation_id] = change

    for event in events:
        if event.kind in {stream.CONVERSATION, stream.TICKS}:
            note(event.object_id, event, event.messages)
        elif event.kind == stream.BROADCAST and places:
            for pk in event.messages:
                if pk in places:
                    note(places[pk], event, (pk,))
    return dict(sorted(changes.items(), key=lambda item: not item[1].only_ticks))

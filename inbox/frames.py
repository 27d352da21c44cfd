"""Turns rows of a workspace's event log into the frames its sockets receive, with the partials the page uses.

Synchronous; the hub runs it in its worker threads. What is rendered here goes to every member alike, so there is
never a request, a "you" or a permission in it. Several events of one conversation become one frame.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from django.template.loader import get_template
from django.utils import translation

from accounts import stream, tenancy
from accounts.models import Membership, Stream
from inbox import eventlog, queries
from inbox.models import Conversation, Message, SystemLine

BATCH_LIMIT = 100  # events read at once: bounds how long a burst keeps the worker thread
REPLAY_LIMIT = 500  # events; who missed more loads the page again
# An event's time is its transaction's start by the database's clock, a line's is the application's.
LINE_MARGIN = timedelta(minutes=2)

RESET = '{"reset":1}'
WAIT = '{"ping":1}'  # the heartbeat of a socket that is still being told what it missed: promises nothing


@dataclass(slots=True)
class Frame:
    """One conversation as a batch of events left it: JSON by language, for everybody and for the open thread.

    `row` stays empty when `only_ticks` changed; `thread` stays empty when nobody has the thread open.
    """

    conversation_id: int
    only_ticks: bool
    row: dict[str, str] = field(default_factory=dict)
    thread: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """Events up to `seq`, as frames; the members among them: whether each is still welcome; the broadcasts among them.

    A broadcast's messages are in `frames` only for the threads that were open when the batch was read.
    """

    seq: int
    frames: list[Frame]
    members: dict[int, bool]
    broadcasts: frozenset[int] = frozenset()


class Row(NamedTuple):
    """One conversation's frame in a gap, in one language; `seq` is that of its last event."""

    seq: int
    conversation_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What happened in (after, upto], in one language. `after` is above `asked` when older events are not kept any more.

    `rows` in the order of their last events; `touched`, `members` and `broadcasts` are the last seq of each
    conversation (ticks and broadcasts' messages included), member and broadcast that changed.
    """

    asked: int
    after: int
    upto: int
    rows: list[Row]
    touched: dict[int, int]
    members: dict[int, int]
    broadcasts: dict[int, int]


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a batch is rendered: the languages among the sockets, the threads open among them."""

    languages: frozenset[str]
    threads: frozenset[int] = frozenset()


def reached(workspace_ids: Collection[int]) -> dict[int, int]:
    """How far each workspace's log has got. Numbers only, so all of them are read in one crossing."""
    with tenancy.crossing():
        return dict(Stream.objects.filter(workspace_id__in=workspace_ids).values_list("workspace_id", "seq"))


def read(workspace_id: int, after: int, audience: Audience) -> Batch | None:
    """The next events after `after` (at most BATCH_LIMIT); None when there are none."""
    with tenancy.reading(workspace_id):
        events = eventlog.events(workspace_id, after)[:BATCH_LIMIT]
        return _batch(list(events), audience) if events else None


def missed(workspace_id: int, after: int, upto: int, language: str) -> Gap:
    """The events in (after, upto], rendered in one language for everybody who missed any of them."""
    with tenancy.reading(workspace_id):
        events = eventlog.unbroken(list(eventlog.events(workspace_id, after).filter(seq__lte=upto)), upto)
        places = eventlog.places(events)
        changed = {event.object_id: event.seq for event in events if event.kind == stream.CONVERSATION}
        found = sorted(queries.rows(list(changed)), key=lambda each: changed[each.pk]) if changed else []
        with translation.override(language):
            # Whoever missed less gets the end of this list, so it is the last row that ends the batch.
            rows = [
                Row(changed[each.pk], each.pk, _json(_seq(upto, last=each is found[-1]) | _facts(each)))
                for each in found
            ]
    return Gap(
        asked=after,
        after=upto - len(events),
        upto=upto,
        rows=rows,
        touched=eventlog.touched(events, places),
        members={event.object_id: event.seq for event in events if event.kind == stream.MEMBER},
        broadcasts={event.object_id: event.seq for event in events if event.kind == stream.BROADCAST},
    )


def thread_since(workspace_id: int, conversation_id: int, after: int, language: str) -> str:
    """What changed in one thread after `after` (perhaps nothing), for a socket that has just opened it.

    The frame has no seq: it closes the gap between the page and the socket, and moves no cursor.
    """
    with tenancy.reading(workspace_id):
        events = eventlog.of_thread(eventlog.events(workspace_id, after), conversation_id)
        changes = eventlog.coalesce(events, eventlog.places(events, {conversation_id}))
        with translation.override(language):
            html = _Threads(changes).html(conversation_id) if changes else ""
    return _json({"conversation": conversation_id, "thread": html})


def counts(workspace_id: int) -> str:
    """The counts frame of a workspace."""
    with tenancy.reading(workspace_id):
        return _json({"counts": queries.counts(workspace_id)})


def caught_up(seq: int) -> str:
    """Says that everything up to `seq` has been sent."""
    return _json({"caught_up": 1, "seq": seq})


def broadcast(broadcast_id: int, seq: int) -> str:
    """Says that a broadcast's figures changed, and that everything up to `seq` has been sent."""
    return _json({"broadcast": broadcast_id, "seq": seq})


def ping(seq: int) -> str:
    """The heartbeat: the connection lives, and everything up to `seq` has been sent."""
    return _json({"seq": seq, "ping": 1})


def _batch(events: list[Any], audience: Audience) -> Batch:
    """Every frame carries the batch's last seq, all but the last one also "more".

    Several events of a conversation are one frame, so no seq inside the batch is a safe place to resume from: a
    browser moves its cursor at the batch's end only. Ticks go first, because most sockets never see them, and the
    frame at the end should be one that everybody gets.
    """
    changes = eventlog.coalesce(events, eventlog.places(events, audience.threads))
    found = {conversation.pk: conversation for conversation in queries.rows(list(changes))} if changes else {}
    frames = [Frame(pk, change.only_ticks) for pk, change in changes.items() if pk in found]
    threads = _Threads({pk: change for pk, change in changes.items() if pk in audience.threads})
    seq = events[-1].seq
    for language in audience.languages:
        with translation.override(language):
            for frame in frames:
                place = _seq(seq, last=frame is frames[-1])
                _fill(frame, language, place, found[frame.conversation_id], threads)
    broadcasts = frozenset(event.object_id for event in events if event.kind == stream.BROADCAST)
    return Batch(seq, frames, _members(events), broadcasts)


def _seq(seq: int, *, last: bool) -> dict[str, Any]:
    return {"seq": seq} if last else {"seq": seq, "more": 1}


def _fill(
    frame: Frame, language: str, place: dict[str, Any], conversation: Conversation, threads: "_Threads"
) -> None:
    """Renders the frame in the active language, for those who will get it."""
    opened = conversation.pk in threads
    if frame.only_ticks and not opened:
        return
    facts = place | _facts(conversation)
    if not frame.only_ticks:
        frame.row[language] = _json(facts)
    if opened:
        frame.thread[language] = _json({**facts, "thread": threads.html(conversation.pk)})


def _facts(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation": conversation.pk,
        "row": _render("inbox/_row.html", conversation=conversation),
        "state": conversation.state,
        "holder": conversation.holder_id,
        "version": conversation.claim_version,
    }


def _members(events: list[Any]) -> dict[int, bool]:
    changed = {event.object_id for event in events if event.kind == stream.MEMBER}
    if not changed:
        return {}
    active = set(Membership.objects.filter(pk__in=changed, is_active=True).values_list("pk", flat=True))
    return {pk: pk in active for pk in changed}


class _Threads:
    """The messages and system lines that changed, by conversation, in the order of the thread."""

    def __init__(self, changes: dict[int, eventlog.Change]) -> None:
        self._found: dict[int, list[Message | SystemLine]] = {pk: [] for pk in changes}
        if not changes:
            return
        ids = sorted(chain.from_iterable(change.messages for change in changes.values()))
        since = min(change.since for change in changes.values()) - LINE_MARGIN
        # A claim comes before the reply that made it, at the same instant.
        changed: list[Message | SystemLine] = [*queries.lines(list(changes), since=since)]
        changed += queries.messages(ids) if ids else []
        for item in changed:
            if item.conversation_id in self._found:
                self._found[item.conversation_id].append(item)

    def __contains__(self, conversation_id: int) -> bool:
        return conversation_id in self._found

    def html(self, conversation_id: int) -> str:
        """The partials of what changed, oldest first, in the active language."""
        items = sorted(self._found[conversation_id], key=lambda item: item.at)
        return "".join(
            _render("inbox/_message.html", message=item)
            if isinstance(item, Message)
            else _render("inbox/_line.html", line=item)
            for item in items
        )


def _render(template: str, **context: Any) -> str:
    return get_template(template).render(context).strip()


def _json(frame: dict[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()

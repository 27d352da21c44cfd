"""The workspace's event log: what changed, in one gap-free sequence per workspace, and the poke that says so.

`record()` only collects. The tenancy scope calls `write()` as the last statement before COMMIT, because the row
lock on the sequence must never be held while a page renders or a batch is computed.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction

log = structlog.get_logger(__name__)

POKES = "inbox:pokes"
CONVERSATION, TICKS, MEMBER, BROADCAST = "conversation", "ticks", "member", "broadcast"


@dataclass
class _Change:
    """What one transaction did to one thing; several records of it become one event."""

    kind: str
    messages: set[int] = field(default_factory=set)


_pending: ContextVar[dict[tuple[int, str, int], _Change] | None] = ContextVar("stream_pending", default=None)


def conversation_changed(workspace_id: int, conversation_id: int, messages: Iterable[int] = ()) -> None:
    """The conversation's row, state or messages changed: every open browser of the workspace shows it."""
    _record(workspace_id, "conversation", conversation_id, CONVERSATION, messages)


def ticks_changed(workspace_id: int, conversation_id: int, messages: Iterable[int]) -> None:
    """Only ticks of older messages changed: shown where the thread is open, nowhere else."""
    _record(workspace_id, "conversation", conversation_id, TICKS, messages)


def member_changed(workspace_id: int, membership_id: int) -> None:
    """A member's role changed or they left: their sockets must close (they reconnect if still welcome)."""
    _record(workspace_id, "member", membership_id, MEMBER, ())


def broadcast_changed(workspace_id: int, broadcast_id: int, messages: Iterable[int] = ()) -> None:
    """Messages of a mass message were sent or got receipts: one event however many they are. Its figures changed, and
    threads that are open show their own."""
    _record(workspace_id, "broadcast", broadcast_id, BROADCAST, messages)


def _record(workspace_id: int, topic: str, object_id: int, kind: str, messages: Iterable[int]) -> None:
    pending = _pending.get()
    if pending is None:
        raise RuntimeError("Live events are recorded inside tenancy.scope() or tenancy.crossing().")
    change = pending.setdefault((workspace_id, topic, object_id), _Change(kind))
    if kind == CONVERSATION:
        change.kind = kind
    change.messages.update(messages)


@contextmanager
def collecting() -> Iterator[None]:
    """Collects records of the block; the outermost one writes them. An inner block that raises takes its own back."""
    outer = _pending.get()
    if outer is not None:
        before = {key: _Change(change.kind, set(change.messages)) for key, change in outer.items()}
        try:
            yield
        except BaseException:
            outer.clear()
            outer.update(before)
            raise
        return
    pending: dict[tuple[int, str, int], _Change] = {}
    token = _pending.set(pending)
    try:
        yield
        if pending:
            _write(pending)
    finally:
        _pending.reset(token)


def _write(pending: dict[tuple[int, str, int], _Change]) -> None:
    """Numbers the events under the workspaces' sequence locks (ascending, as everywhere) and pokes after commit."""
    count: dict[int, int] = {}
    for workspace_id, _topic, _object in pending:
        count[workspace_id] = count.get(workspace_id, 0) + 1
    workspaces = sorted(count)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id FROM accounts_stream WHERE workspace_id = ANY(%s) ORDER BY workspace_id"
            " FOR NO KEY UPDATE",
            [workspaces],
        )
        cursor.execute(
            "UPDATE accounts_stream AS stream SET seq = stream.seq + added.n"
            " FROM unnest(%s::bigint[], %s::int[]) AS added (workspace_id, n)"
            " WHERE stream.workspace_id = added.workspace_id RETURNING stream.workspace_id, stream.seq",
            [workspaces, [count[workspace_id] for workspace_id in workspaces]],
        )
        reached = dict(cursor.fetchall())
        following = {workspace_id: reached[workspace_id] - count[workspace_id] for workspace_id in workspaces}
        rows = []
        for (workspace_id, _topic, object_id), change in sorted(pending.items()):
            following[workspace_id] += 1
            rows.append(
                {
                    "workspace_id": workspace_id,
                    "seq": following[workspace_id],
                    "kind": change.kind,
                    "object_id": object_id,
                    "messages": sorted(change.messages),
                }
            )
        cursor.execute(
            "INSERT INTO accounts_streamevent (workspace_id, seq, kind, object_id, messages, created)"
            " SELECT workspace_id, seq, kind, object_id, messages, now() FROM jsonb_to_recordset(%s::jsonb)"
            " AS event (workspace_id bigint, seq bigint, kind text, object_id bigint, messages bigint[])",
            [json.dumps(rows)],
        )
    transaction.on_commit(lambda: _poke(reached))


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def _poke(reached: dict[int, int]) -> None:
    """Says how far each workspace got; a lost poke costs a second, since every hub also looks by itself."""
    try:
        _redis().publish(POKES, json.dumps(list(reached.items())))
    except redis.RedisError as error:
        log.warning("stream.poke_lost", error=str(error))

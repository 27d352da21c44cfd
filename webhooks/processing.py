"""Drains stored deliveries: splits every POST into items, routes them, applies them in batches, keeps the ledger.

One bad item never blocks its neighbours: a batch that fails is halved until the item that fails is alone, and that one
is written down with its error. Worker module: returns what comes next, enqueues nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts import stream, tenancy
from inbox.receipts import Reported, apply_statuses
from inbox.receiving import Number, Received, apply_messages
from webhooks.models import Event
from whatsapp.events import (
    AccountError,
    Change,
    InboundMessage,
    Item,
    Status,
    Unknown,
    Unparsable,
    parse,
)

log = structlog.get_logger(__name__)

EVENTS_PER_TRANSACTION = 500
DELIVERIES_PER_TRANSACTION = 500
BYTES_PER_TRANSACTION = 8 * 1024 * 1024
PARKED_PER_TRANSACTION = 500
GIVE_UP_AFTER_DAYS = 8  # Meta itself retries for seven
DEADLOCK_TRIES = 6
RETRYABLE = {"40P01", "40001"}

T = TypeVar("T", Received, Reported)


@dataclass(slots=True)
class _Entry:
    """One line of the ledger in the making."""

    delivery_id: int
    position: int
    kind: str
    phone_number_id: str = ""
    wamid: str = ""
    state: str = "applied"
    reason: str = ""


def drain() -> int:
    """Applies up to about 500 waiting items of any workspaces in one transaction. Returns how many deliveries it took.

    Safe to run many times at once: deliveries are taken with SKIP LOCKED. A deadlock is tried again.
    """
    for attempt in range(DEADLOCK_TRIES):
        try:
            with tenancy.crossing():
                return _drain_once()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in RETRYABLE or attempt + 1 == DEADLOCK_TRIES:
                raise
            log.info("webhook.deadlock_retried", attempt=attempt)
    raise AssertionError("unreachable")


def rematch() -> int:
    """Tries parked receipts again whose time has come. Returns how many were looked at."""
    with tenancy.crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.delivery_id, e.position, d.body, d.received < now() - make_interval(days => %s) FROM webhooks_event e"
            " JOIN webhooks_delivery d ON d.id = e.delivery_id"
            " WHERE e.state = 'parked' AND e.next_try <= now() ORDER BY e.next_try LIMIT %s"
            " FOR UPDATE OF e SKIP LOCKED",
            [GIVE_UP_AFTER_DAYS, PARKED_PER_TRANSACTION],
        )
        rows = cursor.fetchall()
        if rows:
            _rematch(rows)
        return len(rows)


def _drain_once() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, octet_length(body) FROM webhooks_delivery WHERE drained IS NULL ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED",
            [DELIVERIES_PER_TRANSACTION],
        )
        ids = _within_bytes(cursor.fetchall())
        cursor.execute("SELECT id, body FROM webhooks_delivery WHERE id = ANY(%s) ORDER BY id", [ids])
        items: list[tuple[_Entry, Item | None]] = []
        taken = []
        for delivery_id, body in cursor.fetchall():
            items += _split(delivery_id, bytes(body))
            taken.append(delivery_id)
            if len(items) >= EVENTS_PER_TRANSACTION:
                break
        if taken:
            _apply(items)
            _write_ledger([entry for entry, _ in items])
            cursor.execute("UPDATE webhooks_delivery SET drained = now() WHERE id = ANY(%s)", [taken])
    return len(taken)


def _within_bytes(rows: Sequence[tuple[int, int]]) -> list[int]:
    ids: list[int] = []
    size = 0
    for delivery_id, length in rows:
        size += length
        if ids and size > BYTES_PER_TRANSACTION:
            break
        ids.append(delivery_id)
    return ids


def _split(delivery_id: int, body: bytes) -> list[tuple[_Entry, Item | None]]:
    try:
        items = parse(body).items
    except Unparsable as error:
        return [(_Entry(delivery_id, 0, "unparsable", state="failed", reason=str(error)[:500]), None)]
    if not items:
        return [(_Entry(delivery_id, 0, "empty", state="ignored", reason="nothing inside"), None)]
    return [(_entry(delivery_id, item), item) for item in items]


def _entry(delivery_id: int, item: Item) -> _Entry:
    at = (delivery_id, item.position)
    match item:
        case InboundMessage():
            return _Entry(*at, f"message:{item.type}"[:64], item.phone_number_id, item.wamid)
        case Status():
            return _Entry(*at, f"status:{item.status}", item.phone_number_id, item.wamid)
        case Change():
            return _Entry(*at, item.field, state="ignored", reason="this field is not applied")
        case AccountError():
            reason = f"{item.code}: {item.title or ''} {item.details or ''}".strip()
            return _Entry(*at, "error", item.phone_number_id or "", state="ignored", reason=reason[:500])
        case Unknown():
            return _Entry(
                *at, "unknown", item.phone_number_id or "", state="failed", reason=item.reason[:500]
            )
    raise AssertionError(f"an item of no known kind: {type(item).__name__}")


def _apply(items: Sequence[tuple[_Entry, Item | None]]) -> None:
    """Messages first, then receipts: conversations are locked before messages in every transaction."""
    numbers = _numbers(
        {entry.phone_number_id for entry, item in items if isinstance(item, InboundMessage | Status)}
    )
    messages: list[tuple[_Entry, Received]] = []
    statuses: list[tuple[_Entry, Reported]] = []
    for entry, item in items:
        if not isinstance(item, InboundMessage | Status):
            continue
        number = numbers.get(item.phone_number_id)
        if number is None:
            entry.state, entry.reason = "ignored", "no workspace has this phone number"
        elif isinstance(item, InboundMessage):
            messages.append((entry, Received(number, item)))
        else:
            statuses.append((entry, Reported(number, item)))
    _halving(messages, _apply_received)
    _halving(statuses, _apply_reported)


def _halving(rows: Sequence[tuple[_Entry, T]], apply: Callable[[Sequence[tuple[_Entry, T]]], None]) -> None:
    """Applies the rows in one savepoint; if that fails, each half in one of its own, down to the item that fails."""
    if not rows:
        return
    try:
        with transaction.atomic(), stream.collecting():
            apply(rows)
    except OperationalError:
        raise  # deadlock or lost connection: nobody's fault, the whole transaction is tried again
    except Exception as error:  # noqa: BLE001  whatever one item provokes must stay with that item
        if len(rows) == 1:
            entry = rows[0][0]
            entry.state, entry.reason = "failed", f"{type(error).__name__}: {error}"[:500]
            log.error(
                "webhook.item_failed",
                delivery=entry.delivery_id,
                position=entry.position,
                error=str(error)[:200],
            )
            return
        middle = len(rows) // 2
        _halving(rows[:middle], apply)
        _halving(rows[middle:], apply)


def _apply_received(rows: Sequence[tuple[_Entry, Received]]) -> None:
    apply_messages([item for _, item in rows])


def _apply_reported(rows: Sequence[tuple[_Entry, Reported]]) -> None:
    for (entry, _), known in zip(rows, apply_statuses([item for _, item in rows]), strict=True):
        if not known:
            entry.state, entry.reason = "parked", "no message with this wamid yet"


def _numbers(phone_number_ids: set[str]) -> dict[str, Number]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.phone_number_id, n.id, n.workspace_id, a.portfolio_id FROM accounts_phonenumber n"
            " JOIN accounts_businessaccount a ON a.id = n.business_account_id WHERE n.phone_number_id = ANY(%s)",
            [sorted(phone_number_ids)],
        )
        return {row[0]: Number(*row[1:]) for row in cursor.fetchall()}


def _write_ledger(entries: Sequence[_Entry]) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_event"
            " (delivery_id, position, kind, state, reason, phone_number_id, wamid, next_try, attempts)"
            " SELECT n.*, 1 FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::timestamptz[]) AS n ON CONFLICT (delivery_id, position) DO UPDATE"
            " SET state = excluded.state, reason = excluded.reason, next_try = excluded.next_try,"
            " attempts = webhooks_event.attempts + 1",
            [
                [entry.delivery_id for entry in entries],
                [entry.position for entry in entries],
                [entry.kind for entry in entries],
                [entry.state for entry in entries],
                [entry.reason for entry in entries],
                [entry.phone_number_id for entry in entries],
                [entry.wamid for entry in entries],
                [now if entry.state == Event.State.PARKED else None for entry in entries],
            ],
        )


def _rematch(rows: Sequence[tuple[int, int, bytes, bool]]) -> None:
    items: list[tuple[_Entry, Item | None]] = []
    hopeless = set()
    for delivery_id, position, body, too_old in rows:
        items += [row for row in _split(delivery_id, bytes(body)) if row[0].position == position]
        if too_old:
            hopeless.add((delivery_id, position))
    _apply(items)
    for entry, _ in items:
        if entry.state == Event.State.PARKED and (entry.delivery_id, entry.position) in hopeless:
            entry.state, entry.reason = "failed", "its message never appeared"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_event e SET state = n.state, reason = n.reason, attempts = least(e.attempts + 1, 32000),"
            # 2, 4, 8 … seconds, at most an hour
            " next_try = CASE WHEN n.state = 'parked'"
            "   THEN now() + least(interval '1 hour', interval '1 second' * power(2, least(e.attempts, 12))) END"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[]) AS n (delivery_id, position, state, reason)"
            " WHERE (e.delivery_id, e.position) = (n.delivery_id, n.position)",
            [
                [entry.delivery_id for entry, _ in items],
                [entry.position for entry, _ in items],
                [entry.state for entry, _ in items],
                [entry.reason for entry, _ in items],
            ],
        )

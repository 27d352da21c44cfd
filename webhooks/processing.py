"""Drains stored deliveries: splits every POST into items, routes them, applies them in batches, keeps the ledger.

One bad item never blocks its neighbours: a batch that fails is halved until the item that fails is alone, and that one
is written down with its error. Worker module: returns what comes next, enqueues nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import QueryCanceled

from accounts import stream, tenancy
from inbox.receipts import Reported, apply_statuses, settle_failures
from inbox.receiving import Received, apply_messages
from webhooks import changes, owners
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

T = TypeVar("T")


@dataclass(slots=True)
class Entry:
    """One line of the ledger in the making."""

    delivery_id: int
    position: int
    kind: str
    phone_number_id: str = ""
    wamid: str = ""
    state: str = "applied"
    reason: str = ""


@tenancy.retrying_deadlocks
def drain() -> int:
    """Applies up to about 500 waiting items of any workspaces in one transaction. Returns how many deliveries it took.

    Safe to run many times at once: deliveries are taken with SKIP LOCKED. A deadlock is tried again.
    """
    with tenancy.crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, octet_length(body) FROM webhooks_delivery WHERE drained IS NULL ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED",
            [DELIVERIES_PER_TRANSACTION],
        )
        ids = within_bytes(cursor.fetchall())
        cursor.execute("SELECT id, body FROM webhooks_delivery WHERE id = ANY(%s) ORDER BY id", [ids])
        items: list[tuple[Entry, Item | None]] = []
        taken = []
        for delivery_id, body in cursor.fetchall():
            items += split(delivery_id, bytes(body))
            taken.append(delivery_id)
            if len(items) >= EVENTS_PER_TRANSACTION:
                break
        if taken:
            apply(items)
            _write_ledger([entry for entry, _ in items])
            cursor.execute("UPDATE webhooks_delivery SET drained = now() WHERE id = ANY(%s)", [taken])
        return len(taken)


def within_bytes(rows: Sequence[tuple[int, int]]) -> list[int]:
    """As many ids of the (id, length) rows, from the first, as fit BYTES_PER_TRANSACTION; at least one."""
    ids: list[int] = []
    size = 0
    for delivery_id, length in rows:
        size += length
        if ids and size > BYTES_PER_TRANSACTION:
            break
        ids.append(delivery_id)
    return ids


def split(delivery_id: int, body: bytes) -> list[tuple[Entry, Item | None]]:
    """Every item of the POST beside its line of the ledger; a POST without any gets a line as well."""
    try:
        items = parse(body).items
    except Unparsable as error:
        return [(Entry(delivery_id, 0, "unparsable", state="failed", reason=str(error)[:500]), None)]
    if not items:
        return [(Entry(delivery_id, 0, "empty", state="ignored", reason="nothing inside"), None)]
    return [(_entry(delivery_id, item), item) for item in items]


def _entry(delivery_id: int, item: Item) -> Entry:
    at = (delivery_id, item.position)
    match item:
        case InboundMessage():
            return Entry(*at, f"message:{item.type}"[:64], item.phone_number_id, item.wamid)
        case Status():
            return Entry(*at, f"status:{item.status}", item.phone_number_id, item.wamid)
        case Change():
            return Entry(*at, item.field, state="ignored", reason="this field is not applied")
        case AccountError():
            reason = f"{item.code}: {item.title or ''} {item.details or ''}".strip()
            return Entry(*at, "error", item.phone_number_id or "", state="ignored", reason=reason[:500])
        case Unknown():
            return Entry(*at, "unknown", item.phone_number_id or "", state="failed", reason=item.reason[:500])
    raise AssertionError(f"an item of no known kind: {type(item).__name__}")


def apply(items: Sequence[tuple[Entry, Item | None]]) -> None:
    """Contacts are locked before conversations, those before messages: what customers wish of marketing first, then
    what failures mean, messages, receipts, and last what WhatsApp tells about templates and numbers."""
    messages, statuses = _routed(items)
    told = [(entry, item) for entry, item in items if isinstance(item, Change)]
    _halving([row for row in told if changes.is_preference(row[1])], _apply_preferences)
    _halving([row for row in statuses if row[1].status.status == "failed"], _apply_failures)
    _halving(messages, _apply_received)
    _halving(statuses, _apply_reported)
    _halving([row for row in told if changes.is_fact(row[1])], _apply_facts)


def _routed(
    items: Sequence[tuple[Entry, Item | None]],
) -> tuple[list[tuple[Entry, Received]], list[tuple[Entry, Reported]]]:
    """Messages and receipts with the number they are about; whose that is nobody's gets its reason."""
    numbers = owners.numbers(
        entry.phone_number_id for entry, item in items if isinstance(item, InboundMessage | Status)
    )
    messages: list[tuple[Entry, Received]] = []
    statuses: list[tuple[Entry, Reported]] = []
    for entry, item in items:
        if not isinstance(item, InboundMessage | Status):
            continue
        number = owners.number(numbers, item.phone_number_id, item.waba_id)
        if number is None:
            entry.state, entry.reason = "ignored", "no workspace has this phone number"
        elif isinstance(item, InboundMessage):
            messages.append((entry, Received(number, item)))
        else:
            statuses.append((entry, Reported(number, item)))
    return messages, statuses


def _halving(rows: Sequence[tuple[Entry, T]], apply: Callable[[Sequence[tuple[Entry, T]]], None]) -> None:
    """Applies the rows in one savepoint; if that fails, each half in one of its own, down to the item that fails."""
    if not rows:
        return
    try:
        with transaction.atomic(), stream.collecting():
            apply(rows)
    except Exception as error:
        if _is_nobodys_fault(error):
            raise  # the whole transaction is tried again
        # Whatever one item provokes must stay with that item.
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


def _is_nobodys_fault(error: Exception) -> bool:
    """A deadlock, a lock not got, a lost connection: no item caused it, and none may be written off for it."""
    cause = error.__cause__
    return isinstance(error, OperationalError | InterfaceError) and not isinstance(cause, QueryCanceled)


def _apply_preferences(rows: Sequence[tuple[Entry, Change]]) -> None:
    _note(rows, changes.apply_preferences([item for _, item in rows]))


def _apply_failures(rows: Sequence[tuple[Entry, Reported]]) -> None:
    settle_failures([item for _, item in rows])


def _apply_received(rows: Sequence[tuple[Entry, Received]]) -> None:
    apply_messages([item for _, item in rows])


def _apply_reported(rows: Sequence[tuple[Entry, Reported]]) -> None:
    for (entry, _), known in zip(rows, apply_statuses([item for _, item in rows]), strict=True):
        if not known:
            entry.state, entry.reason = "parked", "no message with this wamid yet"


def _apply_facts(rows: Sequence[tuple[Entry, Change]]) -> None:
    _note(rows, changes.apply_facts([item for _, item in rows]))


def _note(rows: Sequence[tuple[Entry, Change]], reasons: Sequence[str]) -> None:
    for (entry, _), reason in zip(rows, reasons, strict=True):
        entry.state, entry.reason = "ignored" if reason else "applied", reason


def _write_ledger(entries: Sequence[Entry]) -> None:
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

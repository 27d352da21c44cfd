"""Applies WhatsApp's receipts about messages we sent, whole batches at a time.

Receipts are append-only; the shown status is the highest one by rank, so order and repetition do not matter. Runs
inside the caller's `tenancy.crossing()`. Lock order: messages ascending, then streams.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from django.db import connection
from django.utils import timezone

from inbox import aftermath
from inbox.aftermath import Failure
from inbox.models import Message
from inbox.news import message_changed
from inbox.receiving import Number, moment
from whatsapp.events import Status

RANK = {
    "sent": Message.Status.SENT,
    "delivered": Message.Status.DELIVERED,
    "read": Message.Status.READ,
    "played": Message.Status.PLAYED,
    "failed": Message.Status.FAILED,
}


class Reported(NamedTuple):
    """A receipt and the number that sent the message."""

    number: Number
    status: Status


def apply_statuses(items: Sequence[Reported]) -> list[bool]:
    """Appends receipts and raises each message's shown status to the highest reported. Never lowers one.

    Returns, per item, whether its message is known; the caller parks the others. A receipt whose wamid we do not have
    yet is matched by what we sent along: `<message id>.<attempt>` (biz_opaque_callback_data comes back in every
    status; Meta, Messages status webhook, 2026-09).
    """
    messages = _messages_of(items)
    matched = [(item, messages[index]) for index, item in enumerate(items) if index in messages]
    if matched:
        _insert_receipts(matched)
        _raise_statuses(matched)
    return [index in messages for index in range(len(items))]


def settle_failures(items: Sequence[Reported]) -> None:
    """Draws the conclusions from failures: an opt-out, a pause for a customer, a number that is stopped.

    Apart from `apply_statuses`, because it locks contacts, which come before everything else. Those whose message is
    not known yet are left for the next time the receipt is looked at.
    """
    failed = [
        item for item in items if item.status.status == "failed" and aftermath.matters(item.status.error_code)
    ]
    messages = _messages_of(failed) if failed else {}
    if not messages:
        return
    now = timezone.now()
    contacts = _contacts_of(set(messages.values()))
    aftermath.settle(
        [
            Failure(
                workspace_id=failed[index].number.workspace_id,
                contact_id=contacts[message],
                number_id=failed[index].number.id,
                code=failed[index].status.error_code or 0,
                at=moment(failed[index].status.at, now),
                details=_words(failed[index].status),
            )
            for index, message in messages.items()
        ]
    )


def _contacts_of(messages: set[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, c.contact_id FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id"
            " WHERE m.id = ANY(%s)",
            [sorted(messages)],
        )
        return dict(cursor.fetchall())


def _messages_of(items: Sequence[Reported]) -> dict[int, int]:
    """Index of the item → id of its message, by wamid or else by our own id and attempt that came back."""
    by_wamid: dict[tuple[int, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.number_id, m.wamid, m.id FROM inbox_message m"
            " JOIN unnest(%s::bigint[], %s::text[]) AS k (number_id, wamid) USING (number_id, wamid) WHERE m.outgoing",
            [[item.number.id for item in items], [item.status.wamid for item in items]],
        )
        by_wamid = {(number, wamid): message for number, wamid, message in cursor.fetchall()}
    found = {
        index: by_wamid[item.number.id, item.status.wamid]
        for index, item in enumerate(items)
        if (item.number.id, item.status.wamid) in by_wamid
    }
    ours = {
        index: echo
        for index, item in enumerate(items)
        if index not in found and (echo := _echo(item.status.opaque)) is not None
    }
    if ours:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT m.id, m.number_id, m.attempt FROM inbox_message m"
                " WHERE m.id = ANY(%s) AND m.outgoing AND m.wamid IS NULL AND m.attempt > 0",
                [sorted({message for message, _ in ours.values()})],
            )
            waiting = {(message, number, attempt) for message, number, attempt in cursor.fetchall()}
        for index, (message, attempt) in ours.items():
            if (message, items[index].number.id, attempt) in waiting:
                found[index] = message
    return found


def _echo(opaque: str | None) -> tuple[int, int] | None:
    """`<message id>.<attempt>` as numbers; None for anything we did not write."""
    message, dot, attempt = (opaque or "").partition(".")
    digits = dot and message.isascii() and message.isdigit() and attempt.isascii() and attempt.isdigit()
    return (int(message), int(attempt)) if digits and len(message) < 19 and len(attempt) < 5 else None


def _insert_receipts(matched: Iterable[tuple[Reported, int]]) -> None:
    now = timezone.now()
    rows = sorted(matched, key=lambda row: (row[1], RANK[row[0].status.status]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM inbox_message WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted({message for _, message in rows})],
        )
        cursor.execute(
            "INSERT INTO inbox_receipt (workspace_id, message_id, status, at, code, details, pricing)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::int[],"
            " %s::text[], ARRAY(SELECT nullif(jsonb_array_elements(%s::jsonb), 'null')))"
            " ON CONFLICT (message_id, status) DO NOTHING",
            [
                [item.number.workspace_id for item, _ in rows],
                [message for _, message in rows],
                [RANK[item.status.status].value for item, _ in rows],
                [moment(item.status.at, now) for item, _ in rows],
                [item.status.error_code for item, _ in rows],
                [_words(item.status) for item, _ in rows],
                msgspec.json.encode([item.status.pricing for item, _ in rows]).decode(),
            ],
        )


def _raise_statuses(matched: Iterable[tuple[Reported, int]]) -> None:
    best: dict[int, Status] = {}
    for item, message in matched:
        if message not in best or RANK[item.status.status] > RANK[best[message].status]:
            best[message] = item.status
    ids = sorted(best)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_message m SET status = greatest(m.status, n.status), wamid = coalesce(m.wamid, n.wamid),"
            " error_code = CASE WHEN n.status = 20 THEN n.code ELSE m.error_code END,"
            " error_details = CASE WHEN n.status = 20 THEN n.details ELSE m.error_details END"
            " FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::int[], %s::text[])"
            " AS n (id, status, wamid, code, details), inbox_conversation c"
            " WHERE m.id = n.id AND c.id = m.conversation_id AND (m.status < n.status OR m.wamid IS NULL)"
            " RETURNING m.workspace_id, m.conversation_id, m.id, m.broadcast_id, c.last_message_id = m.id, c.state",
            [
                ids,
                [RANK[best[message].status].value for message in ids],
                [best[message].wamid for message in ids],
                [best[message].error_code for message in ids],
                [_words(best[message]) for message in ids],
            ],
        )
        for workspace_id, conversation_id, message, broadcast_id, is_last, state in cursor.fetchall():
            message_changed(
                workspace_id,
                conversation_id,
                message,
                broadcast_id=broadcast_id,
                is_last=bool(is_last),
                state=state,
            )


def _words(status: Status) -> str:
    return status.error_details or status.error_title or ""

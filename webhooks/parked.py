"""Parked receipts: those that came before their message was known here, tried again with growing pauses.

Worker module. Looks first, in one query, whose message has appeared; only their deliveries are read again.
"""

from collections.abc import Iterable

from django.db import connection

from accounts import tenancy
from webhooks.models import Event
from webhooks.processing import Entry, apply, split, within_bytes

EVENTS_PER_TRANSACTION = 2_000
GIVE_UP_AFTER_DAYS = 8  # Meta itself retries for seven


@tenancy.retrying_deadlocks
def rematch() -> int:
    """Looks at parked receipts whose time has come and applies those whose message is known by now. Returns how many."""
    with tenancy.crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.delivery_id, e.position, octet_length(d.body), m.id IS NOT NULL FROM webhooks_event e"
            " JOIN webhooks_delivery d ON d.id = e.delivery_id"
            " LEFT JOIN accounts_phonenumber n ON n.phone_number_id = e.phone_number_id"
            " LEFT JOIN inbox_message m ON (m.number_id, m.wamid) = (n.id, e.wamid) AND m.outgoing"
            " WHERE e.state = 'parked' AND e.next_try <= now() ORDER BY e.next_try LIMIT %s"
            " FOR UPDATE OF e SKIP LOCKED",
            [EVENTS_PER_TRANSACTION],
        )
        rows = cursor.fetchall()
        found = {(delivery_id, position) for delivery_id, position, _, appeared in rows if appeared}
        lengths = {delivery_id: length for delivery_id, _, length, _ in rows}
        at_once = set(
            within_bytes(sorted((delivery_id, lengths[delivery_id]) for delivery_id in {d for d, _ in found}))
        )
        _settle(_apply_again({place for place in found if place[0] in at_once}))
        _put_off([(delivery_id, position) for delivery_id, position, _, appeared in rows if not appeared])
        return len(rows)


def _apply_again(places: set[tuple[int, int]]) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, body FROM webhooks_delivery WHERE id = ANY(%s) ORDER BY id",
            [sorted({d for d, _ in places})],
        )
        items = [
            (entry, item)
            for delivery_id, body in cursor.fetchall()
            for entry, item in split(delivery_id, bytes(body))
            if (entry.delivery_id, entry.position) in places
        ]
    apply(items)
    return [entry for entry, _ in items]


def _settle(entries: Iterable[Entry]) -> None:
    done = [entry for entry in entries if entry.state != Event.State.PARKED]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_event e SET state = n.state, reason = n.reason, attempts = e.attempts + 1, next_try = NULL"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[]) AS n (delivery_id, position, state, reason)"
            " WHERE (e.delivery_id, e.position) = (n.delivery_id, n.position)",
            [
                [entry.delivery_id for entry in done],
                [entry.position for entry in done],
                [entry.state for entry in done],
                [entry.reason for entry in done],
            ],
        )


def _put_off(places: list[tuple[int, int]]) -> None:
    """The next try after 2, 4, 8 … seconds, at most an hour; given up when Meta itself would have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_event e SET attempts = least(e.attempts + 1, 32000),"
            " next_try = now() + least(interval '1 hour', interval '1 second' * power(2, least(e.attempts, 12))),"
            " state = CASE WHEN d.received < now() - make_interval(days => %s) THEN 'failed' ELSE e.state END,"
            " reason = CASE WHEN d.received < now() - make_interval(days => %s)"
            "   THEN 'its message never appeared' ELSE e.reason END"
            " FROM unnest(%s::bigint[], %s::int[]) AS n (delivery_id, position), webhooks_delivery d"
            " WHERE (e.delivery_id, e.position) = (n.delivery_id, n.position) AND d.id = n.delivery_id",
            [
                GIVE_UP_AFTER_DAYS,
                GIVE_UP_AFTER_DAYS,
                [delivery_id for delivery_id, _ in places],
                [position for _, position in places],
            ],
        )

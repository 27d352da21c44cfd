"""Forgets raw deliveries and their ledger after a while: they hold customers' words. Waiting ones are never touched."""

from django.conf import settings
from django.db import connection

from accounts import tenancy

DELIVERIES_PER_BATCH = 2_000


def forget_deliveries() -> int:
    """Deletes deliveries older than WEBHOOK_RETENTION_DAYS with their events, batch by batch. Returns how many."""
    forgotten = 0
    while batch := _forget_batch():
        forgotten += batch
    return forgotten


@tenancy.retrying_deadlocks
def _forget_batch() -> int:
    with tenancy.crossing(), connection.cursor() as cursor:
        cursor.execute(
            "WITH old AS (SELECT id FROM webhooks_delivery"
            "  WHERE drained IS NOT NULL AND received < now() - make_interval(days => %s)"
            "  ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED),"
            " events AS (DELETE FROM webhooks_event WHERE delivery_id IN (SELECT id FROM old))"
            " DELETE FROM webhooks_delivery WHERE id IN (SELECT id FROM old)",
            [settings.WEBHOOK_RETENTION_DAYS, DELIVERIES_PER_BATCH],
        )
        return int(cursor.rowcount)

"""Keeps the append-only tables of the inbox small: the tally's differences and the event log."""

from django.db import connection

from accounts.tenancy import crossing, retrying_deadlocks

EVENTS_KEPT_HOURS = 72
EVENTS_PER_BATCH = 5_000


@retrying_deadlocks
def fold_tallies() -> int:
    """Adds up the differences of each (workspace, number, state, holder) that has more than one; returns rows folded.

    One statement, so that every sum is right at every moment, also beside another fold or a writer.
    """
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH crowded AS (
                SELECT workspace_id, number_id, state, coalesce(holder_id, 0) AS holder FROM inbox_tally
                GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
            ), gone AS (
                DELETE FROM inbox_tally AS t USING crowded AS c
                WHERE (t.workspace_id, t.number_id, t.state, coalesce(t.holder_id, 0))
                    = (c.workspace_id, c.number_id, c.state, c.holder)
                RETURNING t.workspace_id, t.number_id, t.state, t.holder_id, t.n
            ), folded AS (
                INSERT INTO inbox_tally (workspace_id, number_id, state, holder_id, n)
                SELECT workspace_id, number_id, state, holder_id, sum(n) FROM gone
                GROUP BY workspace_id, number_id, state, holder_id HAVING sum(n) <> 0
            )
            SELECT count(*) FROM gone
            """
        )
        return int(cursor.fetchone()[0])


def forget_events() -> int:
    """Deletes live events older than any browser may ask for, a batch per transaction; returns how many."""
    forgotten = 0
    while True:
        batch = _forget_batch()
        forgotten += batch
        if batch < EVENTS_PER_BATCH:
            return forgotten


@retrying_deadlocks
def _forget_batch() -> int:
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_streamevent WHERE (workspace_id, seq) IN ("
            " SELECT workspace_id, seq FROM accounts_streamevent"
            " WHERE created < now() - make_interval(hours => %s) LIMIT %s FOR UPDATE SKIP LOCKED)",
            [EVENTS_KEPT_HOURS, EVENTS_PER_BATCH],
        )
        return int(cursor.rowcount)

"""Messages are taken in all the time, and contacts are merged now and then, but never both at once in a workspace.

Without this, a worker that has found the contact of a message would write it to one that was merged away meanwhile.
Locks on the contacts themselves would do too, but every message would then have to write to its contact's row.
"""

from collections.abc import Iterable

from django.db import connection

# Hashed, so that other uses of advisory locks do not meet these.
_KEY = "hashtextextended('phonebook.merges', workspace_id)"


def hold_back_merges(workspace_ids: Iterable[int]) -> None:
    """Until the end of the transaction nobody merges in these workspaces. Takes turns with nobody but merges.

    Ask before contacts are looked up: a statement sees what was committed before it began.
    """
    ids = sorted(set(workspace_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock_shared({_KEY}) FROM unnest(%s::bigint[]) AS workspace_id", [ids]
        )


def wait_for_arrivals(workspace_id: int) -> None:
    """Waits for those who hold merges back, and keeps others from it until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock({_KEY}) FROM (SELECT %s::bigint AS workspace_id) AS one",
            [workspace_id],
        )

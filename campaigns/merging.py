"""Campaigns' part of a merge of two contacts: who waits for a message waits on as the contact that is kept.

Runs inside the transaction of the merge, with both contacts locked.
"""

from django.db import connection


def follow(workspace_id: int, winner: int, loser: int) -> None:
    """Moves the loser's waiting places to the winner, in campaigns that have none for the winner.

    Elsewhere the loser's place is skipped when its turn comes: the winner has one of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_recipient AS r SET contact_id = %(winner)s"
            " WHERE r.workspace_id = %(workspace)s AND r.contact_id = %(loser)s AND r.state = 0 AND r.campaign_id IN ("
            "  SELECT id FROM campaigns_campaign WHERE workspace_id = %(workspace)s"
            "  AND state IN ('checking', 'ready', 'scheduled', 'running', 'paused'))"
            " AND NOT EXISTS (SELECT FROM campaigns_recipient AS own WHERE own.campaign_id = r.campaign_id"
            "  AND own.contact_id = %(winner)s)",
            {"workspace": workspace_id, "winner": winner, "loser": loser},
        )

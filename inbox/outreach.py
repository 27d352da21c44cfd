"""Whom the business wrote to outside a service window lately, which WhatsApp's messaging limit counts.

Unique people in a rolling 24 hours, per business portfolio, shared by its numbers (Meta, Messaging limits, 2026-09).
Runs inside the caller's scope. Must never lock anything but its own rows.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from accounts.models import BusinessAccount

_TIER = re.compile(r"TIER_([0-9]+)(K?)")
# Row by row under the other tables' order: contacts ascending.
_RECORD = """
    INSERT INTO inbox_outreach (workspace_id, portfolio_id, contact_id, at)
    SELECT %s, %s, contact_id, now() FROM unnest(%s::bigint[]) AS contact_id ORDER BY contact_id
    ON CONFLICT (workspace_id, portfolio_id, contact_id) DO UPDATE SET at = greatest(inbox_outreach.at, excluded.at)
"""
_LATELY = "workspace_id = %s AND portfolio_id = %s AND at > now() - interval '24 hours'"


def portfolio(account: BusinessAccount) -> str:
    """What the limit is counted by: the portfolio, or the account itself where WhatsApp has not told that."""
    return account.portfolio_id or account.waba_id


def limit(account: BusinessAccount) -> int | None:
    """People in 24 hours; None when there is no limit or it is not known (TIER_250, TIER_2K … TIER_UNLIMITED)."""
    tier = _TIER.fullmatch(account.messaging_limit)
    return int(tier[1]) * (1000 if tier[2] else 1) if tier else None


def record(workspace_id: int, portfolio_id: str, contact_ids: Iterable[int]) -> None:
    """Notes that these people are written to now, outside a window. `portfolio_id` as `portfolio` says."""
    ids = sorted(set(contact_ids))
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_RECORD, [workspace_id, portfolio_id, ids])


def used(workspace_id: int, portfolio_id: str) -> int:
    """How many people that were in the last 24 hours."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM inbox_outreach WHERE {_LATELY}", [workspace_id, portfolio_id])
        count: int = cursor.fetchone()[0]
    return count


def allowance(account: BusinessAccount) -> int | None:
    """How many more people may be written to outside a window just now; None when nothing limits that."""
    most = limit(account)
    return None if most is None else max(0, most - used(account.workspace_id, portfolio(account)))


def reached(workspace_id: int, portfolio_id: str, contact_ids: Iterable[int]) -> set[int]:
    """Who of these was written to in the last 24 hours: writing to them again uses nothing up."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT contact_id FROM inbox_outreach WHERE {_LATELY} AND contact_id = ANY(%s)",
            [workspace_id, portfolio_id, list(contact_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def frees(workspace_id: int, portfolio_id: str, people: int) -> datetime | None:
    """When so many of the people counted now will be forgotten; None when nobody is counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(at) + interval '24 hours' FROM (SELECT at FROM inbox_outreach WHERE {_LATELY}"
            " ORDER BY at LIMIT %s) AS oldest",
            [workspace_id, portfolio_id, people],
        )
        at: datetime | None = cursor.fetchone()[0]
    return at

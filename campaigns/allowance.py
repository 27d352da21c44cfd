"""Whether WhatsApp lets a portfolio write to so many more people today, decided before their messages are written down.

Runs inside the slice's transaction, in which those people are counted as well: two slices never use the same rest.
"""

import time
from collections.abc import Mapping
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import BusinessAccount
from campaigns import reasons
from campaigns.halts import Halt
from campaigns.models import Campaign
from inbox import outreach
from inbox.bulk import Thread
from inbox.letters import Person

PLENTY = 10_000  # people: more than all slices in flight can use up
AT_ONCE = 100  # people for whom there must be room again after it was used up
LONGEST = timedelta(hours=1)
SECONDS = 1.0  # in which no more than PLENTY people are written to; counting them again for each slice costs as much

# (workspace, portfolio) → until when there is enough for everybody, by this process's clock
_plenty: dict[tuple[int, str], float] = {}


def allowed(
    campaign: Campaign, people: list[Person], found: Mapping[int, Thread]
) -> tuple[list[Person], Halt | None]:
    """Those for whom the allowance is enough, noted as written to; and the wait that the others are in for.

    `found`: their threads. Who wrote lately, or was written to today, uses nothing up.
    """
    account = campaign.number.business_account
    portfolio, workspace = outreach.portfolio(account), campaign.workspace_id
    threads = ((each.contact_id, found.get(each.contact_id)) for each in people)
    outside = [contact_id for contact_id, thread in threads if not thread or not thread.window_open]
    left = _left(account, portfolio)
    if left is not None and left < PLENTY and outside:
        with connection.cursor() as cursor:
            # Until COMMIT: one slice of the portfolio after the other, whatever campaign and number.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('inbox.outreach'), hashtext(%s))", [portfolio]
            )
        left = outreach.allowance(account) or 0
    gone: set[int] = set()
    if left is not None and left < len(outside):
        reached = outreach.reached(workspace, portfolio, outside)
        gone = set([each for each in outside if each not in reached][left:])
    outreach.record(workspace, portfolio, [each for each in outside if each not in gone])
    if not gone:
        return people, None
    until = outreach.frees(workspace, portfolio, min(len(gone), AT_ONCE)) or timezone.now() + LONGEST
    return [each for each in people if each.contact_id not in gone], Halt(reasons.ALLOWANCE, until=until)


def _left(account: BusinessAccount, portfolio: str) -> int | None:
    """How many more people may be written to today; None when there is no need to count."""
    now, key = time.monotonic(), (account.workspace_id, portfolio)
    if now < _plenty.get(key, 0.0):
        return None
    left = outreach.allowance(account)
    if left is not None and left > 2 * PLENTY:
        _plenty[key] = now + SECONDS
    return left

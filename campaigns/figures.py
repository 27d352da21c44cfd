"""What became of a campaign: every figure is counted from its recipients and their messages, none is kept.

Each person counts once, by their newest message. Reads only, inside the caller's scope, in one question however many
campaigns are asked about.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection, transaction

from campaigns.models import Campaign, Recipient
from campaigns.reasons import Reason, explained, retry_after
from inbox.models import Message

# Counting 100,000 people takes a tenth of a second: whoever looks at the same moment shares one count.
FRESH_SECONDS = 1.0
KEPT_SECONDS = 3600
Status = Message.Status

_COUNT = """
SELECT r.campaign_id, r.state, r.skip, m.status, m.error_code,
    CASE WHEN m.status = %(failed)s AND m.error_code IS NULL THEN m.error_details ELSE '' END,
    a.conversation_id IS NOT NULL, count(*)
FROM campaigns_recipient r
    LEFT JOIN inbox_message m ON m.id = r.message_id AND m.broadcast_id = ANY(%(broadcasts)s)
    LEFT JOIN (
        SELECT DISTINCT broadcast_id, conversation_id FROM inbox_message
        WHERE broadcast_id = ANY(%(broadcasts)s) AND NOT outgoing
    ) a ON a.broadcast_id = m.broadcast_id AND a.conversation_id = m.conversation_id
WHERE r.campaign_id = ANY(%(campaigns)s)
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


class _Row(NamedTuple):
    """So many people of a campaign of whom all of this is true."""

    campaign_id: int
    state: int
    skip: int | None
    status: int | None
    code: int | None
    details: str
    replied: bool
    n: int


@dataclass(frozen=True)
class Failures:
    """People whose message failed for one reason."""

    code: int | None
    details: str
    n: int

    @property
    def reason(self) -> Reason:
        """In words, with what to do."""
        return explained(self.code, self.details)

    @property
    def may_retry(self) -> bool:
        """Whether they can be sent to again, now or some hours after the failure."""
        return retry_after(self.code, self.details) is not None


@dataclass(frozen=True)
class Figures:
    """How many people. `sent`, `delivered` and `read` each include those who got further; `replied` is anybody who
    answered. `waiting` has no message yet, or one that is on its way out or put off."""

    recipients: int = 0
    waiting: int = 0
    held: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0
    unanswered: int = 0  # read, and no answer
    failed: int = 0
    unconfirmed: int = 0
    skipped: int = 0
    failures: Sequence[Failures] = ()
    skips: Mapping[int, int] = field(default_factory=dict)  # Skip → people
    # The same people, each in one part only: replied, read, delivered, sent, held, waiting, unconfirmed, failed, skipped.
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> int:
        """Who gets it, or has got it."""
        return self.recipients - self.skipped

    @property
    def retryable(self) -> int:
        """Who failed for a reason that may pass."""
        return sum(group.n for group in self.failures if group.may_retry)


def figures(campaign: Campaign) -> Figures:
    """Counted now."""
    return _figures(_counted([campaign])[campaign.pk])


def lately(
    campaigns: Sequence[Campaign], *, age: Callable[[Campaign], float] = lambda _campaign: FRESH_SECONDS
) -> dict[int, Figures]:
    """By campaign id, counted not longer ago than `age` says, in seconds. One question for all that were not."""
    now = time.time()
    kept = cache.get_many([_key(campaign) for campaign in campaigns])
    found = {}
    for campaign in campaigns:
        at, rows = kept.get(_key(campaign), (0.0, ()))
        if at >= now - age(campaign):
            found[campaign.pk] = [_Row(*row) for row in rows]
    missing = [campaign for campaign in campaigns if campaign.pk not in found]
    if missing:
        counted = _counted(missing)
        fresh = {_key(each): (now, [tuple(row) for row in counted[each.pk]]) for each in missing}
        cache.set_many(fresh, KEPT_SECONDS)
        found |= counted
    return {campaign_id: _figures(rows) for campaign_id, rows in found.items()}


def forget(campaign: Campaign) -> None:
    """After COMMIT, what was counted before is counted again."""
    transaction.on_commit(lambda: cache.delete(_key(campaign)))


def failures(campaign: Campaign) -> list[tuple[int | None, str, int]]:
    """(error code, our own words where there is none, how many people) of what failed. Counted now."""
    return [(group.code, group.details, group.n) for group in figures(campaign).failures]


def _key(campaign: Campaign) -> str:
    # The workspace too: ids of an older database must not be taken for those of another tenant.
    # The state as well: what was counted before the snapshot was there must not stand on the page that shows it.
    return f"campaign-figures:{campaign.workspace_id}:{campaign.pk}:{campaign.state}"


def _counted(campaigns: Sequence[Campaign]) -> dict[int, list[_Row]]:
    counted: dict[int, list[_Row]] = {campaign.pk: [] for campaign in campaigns}
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "failed": Status.FAILED,
                "broadcasts": [campaign.broadcast_id for campaign in campaigns],
                "campaigns": list(counted),
            },
        )
        for row in cursor.fetchall():
            counted[row[0]].append(_Row(*row))
    return counted


def _part(row: _Row) -> str:
    """Where a person stands in the bar: how far it got with them."""
    if row.state == Recipient.State.SKIPPED:
        return "skipped"
    if row.state == Recipient.State.READY or row.status is None:
        return "waiting"
    if row.replied:
        return "replied"
    return _PARTS[Status(row.status)]


_PARTS = {
    Status.QUEUED: "waiting",
    Status.SENDING: "waiting",
    Status.PUT_OFF: "waiting",
    Status.UNCONFIRMED: "unconfirmed",
    Status.HELD: "held",
    Status.SENT: "sent",
    Status.FAILED: "failed",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.PLAYED: "read",
}
PARTS = ("replied", "read", "delivered", "sent", "held", "waiting", "unconfirmed", "failed", "skipped")


def _figures(rows: Sequence[_Row]) -> Figures:
    parts = dict.fromkeys(PARTS, 0)
    skips: dict[int, int] = {}
    failed: dict[tuple[int | None, str], int] = {}
    for row in rows:
        parts[_part(row)] += row.n
        if row.skip is not None:
            skips[row.skip] = skips.get(row.skip, 0) + row.n
        elif _part(row) == "failed":
            failed[row.code, row.details] = failed.get((row.code, row.details), 0) + row.n
    most_first = sorted(failed.items(), key=lambda item: -item[1])
    return Figures(
        recipients=sum(row.n for row in rows),
        waiting=parts["waiting"],
        held=parts["held"],
        sent=_people(rows, {Status.SENT, Status.DELIVERED, Status.READ, Status.PLAYED}),
        delivered=_people(rows, {Status.DELIVERED, Status.READ, Status.PLAYED}),
        read=_people(rows, {Status.READ, Status.PLAYED}),
        replied=sum(row.n for row in rows if row.replied and row.state == Recipient.State.HANDED),
        unanswered=parts["read"],
        failed=parts["failed"],
        unconfirmed=parts["unconfirmed"],
        skipped=parts["skipped"],
        failures=[Failures(code, details, n) for (code, details), n in most_first],
        skips=dict(sorted(skips.items(), key=lambda item: -item[1])),
        parts=parts,
    )


def _people(rows: Iterable[_Row], statuses: set[Status]) -> int:
    handed = (row for row in rows if row.state == Recipient.State.HANDED)
    return sum(row.n for row in handed if row.status in statuses)

"""Sends a campaign, one slice after the other: takes whose turn it is, writes their messages down, sends, records.

All state is in rows, so a worker may die anywhere and whoever comes next goes on exactly there. No transaction is open
while anything is sent. Who may still be written to is decided in the transaction that creates the messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import structlog
from django.db import connection
from django.utils import timezone

from accounts import stream
from accounts.tenancy import crossing, retrying_deadlocks, scope
from campaigns import allowance, claiming, halts, headers, lanes, news, reasons
from campaigns.claiming import Change
from campaigns.expansion import templates_of
from campaigns.halts import Halt
from campaigns.headers import Media
from campaigns.models import Campaign, Recipient
from inbox import aftermath, bulk, pace
from inbox.clock import database_now
from inbox.dispatch import SLICE_SECONDS, Line, dispatch
from inbox.letters import Letter, Mailing, Person, Result, Sheet, Status
from templates_wa.definition import definition

log = structlog.get_logger(__name__)

State = Recipient.State
MOST = 300  # people in a slice; more make a transaction long and gain little
BUSY_SECONDS = 3.0  # until a conversation in which something else is on its way is tried again
MOMENT_SECONDS = 1.0  # until one that somebody else began in this very moment is there
SHORT_SECONDS = 2.0  # a wait that a lane stays for; for longer ones there is the sweep
DUE_AT_MOST = 500


@dataclass(frozen=True)
class Next:
    """When the campaign wants its next slice: in so many seconds, 0.0 at once; None: not from this lane.

    `is_busy`: there is enough for another lane. `replies`: conversations whose waiting reply can leave now.
    """

    seconds: float | None
    is_busy: bool = False
    replies: Sequence[int] = ()


@dataclass(frozen=True)
class _Slice:
    """Messages that are written down, and may leave once that is committed."""

    campaign: Campaign
    letters: list[Letter]
    sheets: dict[int, Sheet]  # by recipient
    line: Line
    leased: int
    is_full: bool


def run_slice(campaign_id: int, workspace_id: int) -> Next:
    """Writes to the next few people of a campaign that is RUNNING, and says when to come again.

    Takes about a second. Safe to call at any time, from any number of workers, for any campaign.
    """
    media = headers.uploaded(campaign_id, workspace_id)
    opened = media if isinstance(media, Halt) else _open(campaign_id, workspace_id, media)
    if isinstance(opened, Halt):
        halts.carry_out(opened, campaign_id, workspace_id)
        return Next(None)
    if isinstance(opened, Next):
        return opened
    sent = dispatch([letter for letter in opened.letters if letter.body], opened.line, opened.leased)
    _settle(opened, sent.results)
    replies = _record(opened, sent.results)
    if sent.obstacle is not None:
        template = opened.sheets[sent.obstacle.letter.key].template
        halts.carry_out(halts.met(sent.obstacle, template), campaign_id, workspace_id)
        return Next(None, replies=replies)
    return Next(0.0, is_busy=opened.is_full, replies=replies)


def due() -> list[tuple[int, int]]:
    """(workspace_id, campaign_id) of the running campaigns in which somebody's turn has come, or nobody is left."""
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.workspace_id, c.id FROM campaigns_campaign c WHERE c.state = 'running'"
            " AND (c.hold_until IS NULL OR c.hold_until <= now()) AND coalesce((SELECT r.due FROM campaigns_recipient r"
            "  WHERE r.campaign_id = c.id AND r.state = 0 ORDER BY r.due, r.id LIMIT 1) <= now(), true)"
            " ORDER BY c.id LIMIT %s",
            [DUE_AT_MOST],
        )
        return list(cursor.fetchall())


@retrying_deadlocks
def _open(campaign_id: int, workspace_id: int, media: Media) -> _Slice | Next | Halt:
    """Takes whose turn it is and writes their messages down, or says why not."""
    with scope(workspace_id, durable=True):
        campaign = Campaign.objects.select_related("number__business_account").filter(pk=campaign_id).first()
        if campaign is None or campaign.state != Campaign.State.RUNNING or _is_held(campaign):
            if campaign is not None:
                news.changed(workspace_id, campaign.broadcast_id, (), last=True)
            return Next(None)
        sheets = {each.pk: Sheet(each, definition(each), media) for each in templates_of(campaign)}
        halt = halts.beforehand(campaign, sheets.values())
        if halt is not None:
            return halt
        line = _line(campaign)
        size, leased, wait = _size(campaign, line)
        if not leased:
            return Next(wait if wait <= SHORT_SECONDS else None)
        claimed = claiming.claim(campaign_id, campaign.number, sheets, size)
        if not claimed.count:
            return _nobody(campaign)
        found = bulk.threads(campaign.number_id, [person.contact_id for person in claimed.people])
        busy = {contact_id for contact_id, thread in found.items() if thread.busy}
        people, halt = allowance.allowed(
            campaign, [each for each in claimed.people if each.contact_id not in busy], found
        )
        mailing = Mailing(campaign.number, campaign.broadcast_id, campaign.launched_by_id)
        letters = bulk.open_letters(mailing, people, found) if people else []
        claiming.settle([*claimed.changes, *_changes(claimed.people, busy, people, letters)])
        if halt is not None and not letters:
            return halt
        by_key = {person.key: person.sheet for person in people}
        return _Slice(campaign, letters, by_key, line, leased, is_full=claimed.count >= size)


def _is_held(campaign: Campaign) -> bool:
    """Whether it waits; a wait that is over is taken off it."""
    if campaign.hold_until is None:
        return False
    if campaign.hold_until > database_now():
        return True
    Campaign.objects.filter(pk=campaign.pk, hold_until=campaign.hold_until).update(
        hold_until=None, hold_reason=""
    )
    return False


def _line(campaign: Campaign) -> Line:
    number = campaign.number
    return Line(number.pk, number.phone_number_id, number.business_account.access_token, number.per_second)


def _size(campaign: Campaign, line: Line) -> tuple[int, int, float]:
    """How many people to take, how many of them may leave at once, and how long to wait when that is nobody."""
    size = int(line.per_second * pace.FOR_CAMPAIGNS * SLICE_SECONDS / lanes.LANES)
    size = min(MOST, max(1, size))
    if not campaign.spread_seconds:
        leased = pace.lease(line.number_id, line.per_second, size)
        return size, leased.granted, leased.wait_seconds
    rate = max(_reachable(campaign.pk, campaign.workspace_id), 1) / campaign.spread_seconds
    leased = pace.lease(line.number_id, line.per_second, min(size, ceil(rate * pace.SPREAD_SECONDS)))
    if leased.granted:
        # Only of what the number lets out: else the campaign's share would be spent on what cannot leave.
        leased = pace.spread(campaign.pk, rate, leased.granted)
    return leased.granted, leased.granted, leased.wait_seconds


@lru_cache(maxsize=1000)
def _reachable(campaign_id: int, _workspace_id: int) -> int:
    """How many people the campaign is for, over whom it is spread. The snapshot is frozen, so it is counted once."""
    return Recipient.objects.filter(campaign=campaign_id).exclude(state=State.SKIPPED).count()


def _changes(
    claimed: Sequence[Person], busy: set[int], people: Sequence[Person], letters: Sequence[Letter]
) -> list[Change]:
    """What becomes of those who were taken. Who is in none of these keeps waiting for the allowance."""
    written = {letter.key: letter.message_id for letter in letters}
    changes = [Change(key, State.HANDED, message_id=message_id) for key, message_id in written.items()]
    changes += [
        Change(each.key, State.READY, pause=BUSY_SECONDS) for each in claimed if each.contact_id in busy
    ]
    changes += [
        Change(each.key, State.READY, pause=MOMENT_SECONDS) for each in people if each.key not in written
    ]
    return changes


def _nobody(campaign: Campaign) -> Next:
    """Nobody's turn has come: when will it, or is this the end?"""
    news.changed(campaign.workspace_id, campaign.broadcast_id, (), last=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM due - clock_timestamp()) FROM campaigns_recipient"
            " WHERE campaign_id = %s AND state = 0 ORDER BY due, id LIMIT 1",
            [campaign.pk],
        )
        row = cursor.fetchone()
    if row is None:
        _finish(campaign)
        return Next(None)
    seconds = max(0.05, float(row[0]))  # they may be another slice's, which has them locked
    return Next(seconds if seconds <= SHORT_SECONDS else None)


def _finish(campaign: Campaign) -> None:
    """DONE, unless something is still on its way and may come back, or a person was faster."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM campaigns_campaign WHERE id = %s FOR NO KEY UPDATE", [campaign.pk])
        # Only now, under the lock: a retry of the failed ones may just have been committed.
        cursor.execute(
            "SELECT EXISTS (SELECT FROM campaigns_recipient WHERE campaign_id = %s AND state = 0)"
            " OR EXISTS (SELECT FROM inbox_message WHERE broadcast_id = %s AND outbox = %s)",
            [campaign.pk, campaign.broadcast_id, Status.SENDING],
        )
        if cursor.fetchone()[0]:
            return
    running = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.RUNNING)
    if running.update(state=Campaign.State.DONE, finished=database_now()):
        stream.broadcast_changed(campaign.workspace_id, campaign.broadcast_id)
        log.info("campaign.done", workspace=campaign.workspace_id, campaign=campaign.pk)


@retrying_deadlocks
def _settle(opened: _Slice, results: Sequence[Result]) -> None:
    """What failures mean for consent and number. On its own: it locks contacts, and the record locks messages."""
    now, campaign = timezone.now(), opened.campaign
    failures = [
        aftermath.Failure(
            campaign.workspace_id, each.letter.contact_id, campaign.number_id, each.code, now, each.details
        )
        for each in results
        if each.code is not None and aftermath.matters(each.code)
    ]
    if failures:
        with scope(campaign.workspace_id, durable=True):
            aftermath.settle(failures)


@retrying_deadlocks
def _record(opened: _Slice, results: Sequence[Result]) -> list[int]:
    """Writes down what became of the messages, and puts back who is to be tried again. Returns the conversations in
    which a reply waits."""
    campaign = opened.campaign
    with scope(campaign.workspace_id, durable=True):
        if any(each.status == Status.PUT_OFF for each in results) and _is_cancelled(campaign):
            results = [_dropped(each) for each in results]
        shown = bulk.record(results)
        claiming.settle(
            [
                Change(each.letter.key, State.READY, pause=each.pause)
                for each in results
                if each.status == Status.PUT_OFF and shown.get(each.letter.message_id) == Status.PUT_OFF
            ]
        )
        messages = [letter.message_id for letter in opened.letters]
        news.changed(campaign.workspace_id, campaign.broadcast_id, messages)
        return bulk.waiting_replies([letter.conversation_id for letter in opened.letters])


def _is_cancelled(campaign: Campaign) -> bool:
    """Locked until COMMIT: what is cancelled a moment later finds what we put off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM campaigns_campaign WHERE id = %s FOR SHARE", [campaign.pk])
        return bool(cursor.fetchone()[0] == Campaign.State.CANCELLED)


def _dropped(result: Result) -> Result:
    if result.status != Status.PUT_OFF:
        return result
    return result._replace(status=Status.FAILED, code=None, details=reasons.CANCELLED_FIRST, tried=True)

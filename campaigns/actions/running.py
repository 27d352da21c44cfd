"""The life of a campaign: send, schedule, pause, resume, cancel, and try the failed ones again.

Each is a compare-and-set on the campaign's row; the slices look at it before every batch. So nothing is sent by these
verbs, and nothing more leaves after the slices in hand once one of them says so.
"""

from datetime import datetime

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import stream
from accounts.actions.refusals import Refused
from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks
from campaigns import reasons, tasks
from campaigns.actions.permits import (
    State,
    locked,
    must_be,
    must_be_sendable,
    must_have_recipients,
    planning,
)
from campaigns.actions.plans import check_starts
from campaigns.figures import failures, forget
from campaigns.models import Campaign, Recipient
from campaigns.starting import begin
from inbox.clock import database_now
from inbox.models import Message

ENDED = (State.DONE, State.CANCELLED)
NOT_ENDED = (State.CHECKING, State.READY, State.SCHEDULED, State.RUNNING, State.PAUSED, State.FAILED)

# Recipients before messages, as slices take them, and each in the order of their ids. Also who was to be tried again:
# what became of the first try is what became of them.
_LEAVE_WAITING = """
WITH waiting AS MATERIALIZED (
    SELECT id FROM campaigns_recipient WHERE campaign_id = %s AND state = %s AND message_id IS NOT NULL
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE campaigns_recipient r SET state = %s FROM waiting WHERE r.id = waiting.id RETURNING r.message_id
"""
_DROP_PUT_OFF = """
WITH dropped AS MATERIALIZED (
    SELECT id FROM inbox_message WHERE id = ANY(%s) AND status = %s ORDER BY id FOR NO KEY UPDATE
)
UPDATE inbox_message m SET status = %s, error_code = NULL, error_details = %s, due = now()
FROM dropped WHERE m.id = dropped.id RETURNING m.id
"""
# When it failed: what the receipt says, or when the refusal was written down. Who answered has got it all the same.
_AGAIN = """
UPDATE campaigns_recipient r SET state = %s, due = now()
FROM inbox_message m JOIN unnest(%s::int[], %s::text[], %s::int[]) AS rule (code, details, wait)
    ON m.error_code IS NOT DISTINCT FROM rule.code AND (rule.code IS NOT NULL OR m.error_details = rule.details)
WHERE r.campaign_id = %s AND r.state = %s AND m.id = r.message_id AND m.status = %s
    AND make_interval(secs => rule.wait) <= now() - coalesce(
        (SELECT max(f.at) FROM inbox_receipt f WHERE f.message_id = m.id AND f.status = m.status), least(m.due, now()))
    AND NOT EXISTS (SELECT FROM inbox_message a WHERE a.broadcast_id = m.broadcast_id
        AND a.conversation_id = m.conversation_id AND NOT a.outgoing)
"""


@retrying_deadlocks
def launch(*, member: Membership, campaign_id: int) -> Campaign:
    """Sends a campaign that is READY, or SCHEDULED for later, from now on; returns at once.

    A second press by the same member changes nothing; a colleague who comes later is told who was faster.
    Raises Refused, Campaign.DoesNotExist.
    """
    with planning(member) as actor:
        campaign = locked(campaign_id)
        if campaign.launched is not None and campaign.launched_by_id == actor.pk:
            return campaign
        _check_launch(campaign, [State.READY, State.SCHEDULED])
        campaign.launched_by, campaign.starts = actor, None
        begin(campaign)
        tasks.enqueue_slice(campaign.workspace_id, campaign.pk)
        return campaign


@retrying_deadlocks
def schedule(*, member: Membership, campaign_id: int, starts: datetime) -> Campaign:
    """Lets a READY campaign begin by itself at `starts`; the same time again changes nothing.

    Raises Refused, Campaign.DoesNotExist.
    """
    check_starts(starts)
    with planning(member) as actor:
        campaign = locked(campaign_id)
        if campaign.state == State.SCHEDULED and campaign.starts == starts:
            return campaign
        _check_launch(campaign, [State.READY])
        campaign.state, campaign.launched_by, campaign.starts = State.SCHEDULED, actor, starts
        return _saved(campaign, "launched_by", "starts")


@retrying_deadlocks
def unschedule(*, member: Membership, campaign_id: int) -> Campaign:
    """Takes a SCHEDULED campaign back to READY. Raises Refused, Campaign.DoesNotExist."""
    with planning(member):
        campaign = locked(campaign_id)
        if campaign.state == State.READY:
            return campaign
        must_be(campaign, [State.SCHEDULED])
        campaign.state, campaign.launched_by = State.READY, None
        return _saved(campaign, "launched_by")


@retrying_deadlocks
def pause(*, member: Membership, campaign_id: int) -> Campaign:
    """Stops a RUNNING campaign after the slices in hand. Raises Refused, Campaign.DoesNotExist."""
    with planning(member) as actor:
        campaign = locked(campaign_id)
        if campaign.state == State.PAUSED:
            return campaign
        must_be(campaign, [State.RUNNING])
        campaign.state, campaign.reason, campaign.reason_detail = State.PAUSED, reasons.MEMBER, actor.name
        return _saved(campaign, "reason", "reason_detail")


@retrying_deadlocks
def resume(*, member: Membership, campaign_id: int) -> Campaign:
    """Goes on with a PAUSED campaign exactly where it stopped. Raises Refused, Campaign.DoesNotExist."""
    with planning(member):
        campaign = locked(campaign_id)
        if campaign.state == State.RUNNING:
            return campaign
        must_be(campaign, [State.PAUSED])
        must_be_sendable(campaign)
        return _go_on(campaign)


@retrying_deadlocks
def cancel(*, member: Membership, campaign_id: int) -> Campaign:
    """Ends a campaign for good: whoever has not got it will not. What was put off counts as failed, with words.

    Raises Refused, Campaign.DoesNotExist.
    """
    with planning(member):
        campaign = locked(campaign_id)
        if campaign.state == State.CANCELLED:
            return campaign
        must_be(campaign, NOT_ENDED)
        campaign.state, campaign.finished = State.CANCELLED, database_now()
        _drop_waiting(campaign)
        return _saved(campaign, "finished")


@retrying_deadlocks
def retry_failed(*, member: Membership, campaign_id: int) -> int:
    """Puts those whose message failed, and may be tried again now, back among the waiting; returns how many.

    An ended campaign runs again, a paused one stays paused. Each gets a new message when it is their turn. Raises
    Refused (also when there is nobody), Campaign.DoesNotExist.
    """
    with planning(member):
        campaign = locked(campaign_id)
        must_be(campaign, [State.DONE, State.RUNNING, State.PAUSED])
        must_be_sendable(campaign)
        people = _again(campaign)
        if not people:
            raise Refused(_("Nobody can be sent to again just now. Look at the reasons."))
        if campaign.state == State.DONE:
            _go_on(campaign)
        else:
            _saved(campaign)
        return people


def _check_launch(campaign: Campaign, states: list[State]) -> None:
    if campaign.launched_by_id is not None and campaign.state not in set(states):
        first = Membership.objects.select_related("user").get(pk=campaign.launched_by_id)
        raise Refused(format_lazy(_("{name} has sent or scheduled this campaign already."), name=first.name))
    must_be(campaign, states)
    must_be_sendable(campaign)
    must_have_recipients(campaign)


def _go_on(campaign: Campaign) -> Campaign:
    campaign.state, campaign.reason, campaign.reason_detail = State.RUNNING, "", ""
    campaign.hold_until, campaign.hold_reason, campaign.finished = None, "", None
    tasks.enqueue_slice(campaign.workspace_id, campaign.pk)
    return _saved(campaign, "reason", "reason_detail", "hold_until", "hold_reason", "finished")


def _saved(campaign: Campaign, *fields: str) -> Campaign:
    campaign.save(update_fields=["state", *fields])
    forget(campaign)
    stream.broadcast_changed(campaign.workspace_id, campaign.broadcast_id)
    return campaign


def _drop_waiting(campaign: Campaign) -> None:
    waiting, handed = Recipient.State.READY, Recipient.State.HANDED
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE_WAITING, [campaign.pk, waiting, handed])
        messages = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            _DROP_PUT_OFF,
            [messages, Message.Status.PUT_OFF, Message.Status.FAILED, reasons.CANCELLED_FIRST],
        )
        dropped = [row[0] for row in cursor.fetchall()]
    stream.broadcast_changed(campaign.workspace_id, campaign.broadcast_id, dropped)


def _again(campaign: Campaign) -> int:
    found = [(code, details, reasons.retry_after(code, details)) for code, details, _n in failures(campaign)]
    rules = [(code, details, wait) for code, details, wait in found if wait is not None]
    codes, details, waits = zip(*rules, strict=True) if rules else ((), (), ())
    with connection.cursor() as cursor:
        cursor.execute(
            _AGAIN,
            [
                Recipient.State.READY,
                list(codes),
                list(details),
                list(waits),
                campaign.pk,
                Recipient.State.HANDED,
                Message.Status.FAILED,
            ],
        )
        people: int = cursor.rowcount
    return people

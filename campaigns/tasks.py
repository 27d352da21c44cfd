"""Celery's side of campaigns. Tasks carry ids only and may be lost or repeated: the rows decide, a sweep finds."""

from functools import partial
from typing import Any

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from campaigns import expansion, fanout, lanes, starting
from inbox.tasks import hint

log = structlog.get_logger(__name__)


@shared_task
def expand(*, workspace_id: int, campaign_id: int) -> None:
    """Makes the snapshot of a campaign's recipients, if nobody has."""
    expansion.expand(campaign_id, workspace_id)


@shared_task
def send_slice(*, workspace_id: int, campaign_id: int, lane: int = 0, turn: str = "") -> None:
    """Sends one batch of a campaign in one of its lanes, and asks for the next one."""
    following = lanes.take(campaign_id, lane, turn)
    if following is None:
        return
    after = fanout.run_slice(campaign_id, workspace_id)
    for conversation_id in after.replies:
        hint(workspace_id, conversation_id)
    if after.seconds is None:
        lanes.end(campaign_id, lane, following)
        return
    _send_for(workspace_id, campaign_id, lane, following, seconds=after.seconds)
    if after.is_busy and lane == 0:
        for other in range(1, lanes.LANES):
            _begin(workspace_id, campaign_id, other)


@shared_task
def sweep() -> None:
    """Begins what is due, and finds expansions and slices that lost their task."""
    for workspace_id, campaign_id in starting.begin_due():
        _begin(workspace_id, campaign_id)
    for workspace_id, campaign_id in expansion.overdue():
        _publish(expand, workspace_id=workspace_id, campaign_id=campaign_id)
    for workspace_id, campaign_id in fanout.due():
        _begin(workspace_id, campaign_id)


def enqueue_expand(workspace_id: int, campaign_id: int) -> None:
    """Asks for the snapshot after COMMIT. Never raises for a lost Redis: the sweep finds the campaign."""
    transaction.on_commit(partial(_publish, expand, workspace_id=workspace_id, campaign_id=campaign_id))


def enqueue_slice(workspace_id: int, campaign_id: int) -> None:
    """Asks for the campaign's first slice after COMMIT; the same."""
    transaction.on_commit(partial(_begin, workspace_id, campaign_id, at_once=True))


def _begin(workspace_id: int, campaign_id: int, lane: int = 0, *, at_once: bool = False) -> None:
    turn = lanes.begin(campaign_id, lane, at_once=at_once)
    if turn is not None:
        _send_for(workspace_id, campaign_id, lane, turn)


def _send_for(workspace_id: int, campaign_id: int, lane: int, turn: str, seconds: float = 0.0) -> None:
    _publish(
        send_slice,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        lane=lane,
        turn=turn,
        countdown=seconds,
    )


def _publish(task: Any, *, countdown: float = 0.0, **ids: Any) -> None:
    options = {"countdown": countdown} if countdown else {}
    try:
        task.apply_async(kwargs=ids, **options)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("campaign.task_lost", task=task.name, campaign=ids["campaign_id"], error=str(error))

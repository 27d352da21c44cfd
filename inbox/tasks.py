"""Celery's side of the inbox. Tasks carry ids only and may be lost or repeated: the rows decide."""

from datetime import timedelta
from typing import Any

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from inbox import compaction, delivery

log = structlog.get_logger(__name__)

# A backlog is swept again every few seconds; hints that nobody came round to must not pile up in Redis.
SWEPT_HINT_EXPIRES = timedelta(seconds=10)


@shared_task
def deliver(*, workspace_id: int, conversation_id: int) -> None:
    """Sends what waits in the conversation, one after the other, until nothing is due."""
    following = delivery.deliver_next(conversation_id, workspace_id)
    while following.seconds == 0:
        following = delivery.deliver_next(conversation_id, workspace_id)
    if following.seconds is not None:
        hint(workspace_id, conversation_id, seconds=following.seconds)


@shared_task
def sweep() -> None:
    """Settles expired leases and finds what lost its hint: after a crash, or when Redis was emptied."""
    for workspace_id, conversation_id in delivery.sweep():
        hint(workspace_id, conversation_id, expires=SWEPT_HINT_EXPIRES)


@shared_task
def compact() -> None:
    """Folds the tally and forgets old live events."""
    compaction.fold_tallies()
    compaction.forget_events()


def hint(
    workspace_id: int, conversation_id: int, *, seconds: float = 0.0, expires: timedelta | None = None
) -> None:
    """Asks a worker to look at the conversation. Never raises for a lost Redis: the row is there, the sweep finds it."""
    options: dict[str, Any] = {"countdown": seconds} if seconds else {}
    if expires is not None:
        options["expires"] = expires.total_seconds()
    try:
        deliver.apply_async(
            kwargs={"workspace_id": workspace_id, "conversation_id": conversation_id}, **options
        )
    except (OperationalError, RedisError, OSError) as error:
        log.warning(
            "delivery.hint_lost", workspace=workspace_id, conversation=conversation_id, error=str(error)
        )

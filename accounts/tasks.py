"""Thin tasks of the accounts app: ids in, one worker function, what comes next is enqueued.

A task is a hint and may be lost or repeated; the row's state decides, and `sweep` finds what was lost.
"""

from functools import partial

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from accounts import checks

log = structlog.get_logger(__name__)

# A check that nobody carried out would only be repeated by the sweep: an old hint is worth nothing.
HINT_EXPIRES_SECONDS = 20


@shared_task
def check(*, workspace_id: int, number_id: int) -> None:
    """Carries out the connection check of one number, if it is still wanted."""
    checks.check(workspace_id=workspace_id, number_id=number_id)


@shared_task
def sweep() -> None:
    """Enqueues again the checks whose task was lost."""
    for workspace_id, number_id in checks.overdue():
        _publish(workspace_id, number_id)


def enqueue_check(*, workspace_id: int, number_id: int) -> None:
    """Enqueues a check after the commit; when Redis is away the sweep does it later."""
    transaction.on_commit(partial(_publish, workspace_id, number_id))


def _publish(workspace_id: int, number_id: int) -> None:
    try:
        check.apply_async(
            kwargs={"workspace_id": workspace_id, "number_id": number_id}, expires=HINT_EXPIRES_SECONDS
        )
    except (OperationalError, RedisError, OSError) as error:
        log.warning("check.publish_lost", number=number_id, error=str(error))

"""Thin tasks of templates: ids in, one worker function. A task may be lost or repeated; the rows decide."""

from functools import partial
from typing import Any

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from templates_wa import submitting, sync

log = structlog.get_logger(__name__)

# A wish that nobody carried out is found by the sweep: an old hint is worth nothing.
HINT_EXPIRES_SECONDS = 20


@shared_task
def run(*, workspace_id: int, account_id: int) -> None:
    """Asks WhatsApp for an account's templates, if that is still wanted."""
    sync.run(workspace_id=workspace_id, account_id=account_id)


@shared_task
def submit(*, workspace_id: int, submission_id: int) -> None:
    """Carries out a wish about one template, if it still waits."""
    submitting.carry_out(workspace_id=workspace_id, submission_id=submission_id)


@shared_task
def sweep() -> None:
    """Finds wishes without a task: lost ones, those of webhooks, and the first one of a new account."""
    for workspace_id, account_id in sync.due():
        _publish(run, workspace_id=workspace_id, account_id=account_id)
    for workspace_id, submission_id in submitting.due():
        _publish(submit, workspace_id=workspace_id, submission_id=submission_id)


@shared_task
def nightly() -> None:
    """Wishes for a newer copy of everything; `sweep` works it off."""
    sync.want_all()


def enqueue_sync(*, workspace_id: int, account_id: int) -> None:
    """Enqueues a sync after the commit; when Redis is away the sweep does it later."""
    transaction.on_commit(partial(_publish, run, workspace_id=workspace_id, account_id=account_id))


def enqueue_submission(*, workspace_id: int, submission_id: int) -> None:
    """The same for a wish about one template."""
    transaction.on_commit(partial(_publish, submit, workspace_id=workspace_id, submission_id=submission_id))


def _publish(task: Any, **ids: int) -> None:
    try:
        task.apply_async(kwargs=ids, expires=HINT_EXPIRES_SECONDS)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("templates.publish_lost", **ids, error=str(error))

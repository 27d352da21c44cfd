"""Thin tasks of the phonebook: ids in, one worker function. Tasks may be lost or repeated: the import's row decides."""

from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from phonebook.importing import running, steps, work
from phonebook.models import Import

log = structlog.get_logger(__name__)

# What nobody came round to is swept again: hints must not pile up in Redis.
SWEPT_HINT_EXPIRES = timedelta(seconds=8)
STEPS = {
    str(Import.State.READING): steps.read,
    str(Import.State.CHECKING): steps.check,
    str(Import.State.RUNNING): running.run,
}


@shared_task
def advance(*, workspace_id: int, import_id: int) -> None:
    """Takes an import one step further, if it waits for a worker."""
    work.advance(import_id, workspace_id, STEPS)


@shared_task
def sweep() -> None:
    """Finds imports whose task was lost or whose worker died."""
    for workspace_id, import_id in work.waiting():
        _publish(workspace_id, import_id, expires=SWEPT_HINT_EXPIRES)


def enqueue(*, workspace_id: int, import_id: int) -> None:
    """Asks for a worker after the commit; when Redis is away the sweep does it later."""
    transaction.on_commit(partial(_publish, workspace_id, import_id))


def _publish(workspace_id: int, import_id: int, expires: timedelta | None = None) -> None:
    options: dict[str, Any] = {} if expires is None else {"expires": expires.total_seconds()}
    try:
        advance.apply_async(kwargs={"workspace_id": workspace_id, "import_id": import_id}, **options)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("import.hint_lost", workspace=workspace_id, id=import_id, error=str(error))

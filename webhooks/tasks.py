"""The tasks behind the door: thin, repeatable, and found again by the beat when a publish was lost."""

import asyncio

import structlog
from celery import shared_task

from webhooks import parked, processing, retention

log = structlog.get_logger(__name__)

ROUNDS_PER_TASK = 50
PAUSE_SECONDS = 0.05


@shared_task(name="webhooks.tasks.drain")
def drain() -> None:
    """Applies what waits, batch after batch; hands over to a new task when there is no end in sight."""
    for _ in range(ROUNDS_PER_TASK):
        if not processing.drain():
            return
    drain.delay()


@shared_task(name="webhooks.tasks.rematch")
def rematch() -> None:
    """Gives parked receipts another chance."""
    parked.rematch()


@shared_task(name="webhooks.tasks.forget")
def forget() -> None:
    """Deletes what is older than it may be kept."""
    retention.forget_deliveries()


class Nudge:
    """Tells the workers that something was stored: at most one publish per PAUSE, in a thread.

    A broker that is down costs nothing but a line in the log, since the beat drains anyway.
    """

    def __init__(self) -> None:
        self._running: asyncio.Task[None] | None = None
        self._again = False

    def __call__(self) -> None:
        """Called in the event loop after each commit; never blocks it."""
        self._again = True
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._again:
            self._again = False
            await asyncio.to_thread(_publish)
            await asyncio.sleep(PAUSE_SECONDS)


def _publish() -> None:
    try:
        drain.apply_async(expires=30)
    except Exception as error:  # noqa: BLE001  any broker trouble: the rows are there, the beat finds them
        log.warning("webhook.nudge_lost", error=str(error)[:200])

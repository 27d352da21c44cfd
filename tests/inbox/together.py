"""Real concurrency: what happens at the same moment, each in its thread with its own connection."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

from django.db import connection

from inbox import delivery
from inbox.models import Conversation
from tests.inbox.graph import PATIENCE_SECONDS, Answer, Call, Graph
from tests.worlds import World

THREADS = 15  # the pool has 16 connections, and the test itself may hold one


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """What each job returned or raised, in order. The first THREADS of them start at once."""
    start = Barrier(min(len(jobs), THREADS))

    def run(index: int) -> Any:
        if index < start.parties:
            start.wait(30)
        try:
            return jobs[index]()
        except Exception as error:  # noqa: BLE001 - the outcome of a race is what the test looks at
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(start.parties) as pool:
        return list(pool.map(run, range(len(jobs))))


@contextmanager
def at_whatsapp(
    graph: Graph, world: World, conversation: Conversation, then: Answer | None = None
) -> Iterator[Call]:
    """The block runs while the next message is with WhatsApp and not answered; yields what arrived there."""
    answer, go = graph.held(then)
    graph.order(answer)

    def work() -> None:
        try:
            delivery.deliver_next(conversation.pk, world.id)
        finally:
            connection.close()

    worker = Thread(target=work)
    worker.start()
    try:
        yield graph.arrived.get(timeout=PATIENCE_SECONDS)
    finally:
        go.set()
        worker.join(PATIENCE_SECONDS)

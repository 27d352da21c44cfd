"""What the sweep finds: lost hints, an emptied Redis, and a worker killed between "sending" and the answer."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

from celery import current_app
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.models import StreamEvent
from accounts.tenancy import scope
from inbox import delivery, tasks
from inbox.delivery import Next
from tests.inbox.graph import PATIENCE_SECONDS
from tests.inbox.rows import DELIVERED, SENDING, UNCONFIRMED, change, due_now, fresh, outcome, receipt, reply
from tests.inbox.together import at_whatsapp
from tests.worlds import make_conversation

CELERY = "-A config worker -Q replies -P threads -c 2 --without-gossip --without-mingle --without-heartbeat -l error"
AT_ONCE, NOTHING = Next(0.0), Next(None)


def test_the_sweep_finds_what_lost_its_hint_in_every_workspace(demo, rival, graph):
    ours, theirs = (
        make_conversation(demo, holder=demo.agent1),
        make_conversation(rival, holder=rival.agent1),
    )
    just_now = make_conversation(demo, holder=demo.agent2)
    for _ in range(2):
        due_now(demo, reply(demo, ours))
    due_now(rival, reply(rival, theirs, member=rival.agent1))
    reply(demo, just_now, member=demo.agent2)
    assert sorted(delivery.sweep()) == sorted([(demo.id, ours.pk), (rival.id, theirs.pk)])


def test_the_sweep_leaves_alone_what_pauses_or_is_being_sent(demo, held, graph):
    paused = make_conversation(demo, holder=demo.agent1)
    oldest = reply(demo, paused)
    due_now(demo, reply(demo, paused))
    change(demo, oldest, due=timezone.now() + timedelta(seconds=60))
    reply(demo, held)
    due_now(demo, reply(demo, held))
    with at_whatsapp(graph, demo, held):
        assert delivery.sweep() == []


def test_the_task_delivers_all_that_waits_and_the_sweep_asks_for_it(demo, held, graph):
    """Redis is emptied between the commit and the worker: the rows are there, and everything still leaves."""
    for text in ("One", "Two"):
        due_now(demo, reply(demo, held, text))
    with current_app.connection_for_read() as broker:
        broker.default_channel.client.flushall()
    tasks.sweep()
    with worker(graph):
        arrived = [graph.arrived.get(timeout=PATIENCE_SECONDS).body["text"]["body"] for _ in range(2)]
    assert arrived == ["One", "Two"]


@contextmanager
def worker(graph):
    """A real Celery worker in a process of its own; killed, not asked, at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *CELERY.split()],
        env={**os.environ, "WHATSAPP_GRAPH_URL": graph.url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=django_settings.BASE_DIR,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_worker_killed_while_whatsapp_answers_never_sends_twice(demo, held, graph):
    """The kill point is exact: the request has arrived, "sending" is committed, the answer is not given yet."""
    answer, go = graph.held()
    graph.order(answer)
    message = reply(demo, held, "Only once, please.")
    due_now(demo, reply(demo, held, "And then this."))
    with worker(graph):
        call = graph.arrived.get(timeout=PATIENCE_SECONDS)
        assert outcome(demo, message)[0] == SENDING
    go.set()
    row = fresh(demo, message)
    assert (row.status, row.attempt, call.body["biz_opaque_callback_data"]) == (SENDING, 1, f"{message.pk}.1")
    assert delivery.sweep() == []  # the lease still runs, and nobody else may touch it
    assert delivery.deliver_next(held.pk, demo.id) == NOTHING

    change(demo, message, due=timezone.now() - timedelta(seconds=1))
    assert delivery.sweep() == [(demo.id, held.pk)]
    assert outcome(demo, message)[0] == UNCONFIRMED
    with scope(demo.id):
        assert StreamEvent.objects.latest("seq").messages == [message.pk]
    while delivery.deliver_next(held.pk, demo.id) == AT_ONCE:
        pass
    assert graph.bodies == ["Only once, please.", "And then this."]
    receipt(demo, message, "delivered", wamid="wamid.late")
    assert outcome(demo, message)[:2] == (DELIVERED, "wamid.late")

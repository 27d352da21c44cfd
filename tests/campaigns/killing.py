"""Real processes that send campaigns, and die where a test wants it."""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import reduce
from typing import Self

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.db.models.functions import Now

from accounts.tenancy import scope
from campaigns import fanout
from campaigns.models import Campaign
from inbox import delivery
from inbox.models import Message
from tests.campaigns.plans import fresh
from tests.campaigns.sending import drive, message_to, now_due, shown, waiting

CELERY = "celery -A config worker -Q campaigns -P threads -c 8 --without-gossip --without-mingle --without-heartbeat -l error"


class Worker:
    """A process that sends slice after slice. `stop_at` names a function ("module:name" or "module:class.name"):
    called for the time that comes after `after` others, it says so and never returns, for as long as the process is let live."""

    def __init__(self, world, campaign, graph, *, stop_at: str = "", after: int = 0) -> None:
        words = [str(campaign.pk), str(world.id), stop_at, str(after)]
        self.process = start(graph, "tests.campaigns.killing", *words, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stopped(self) -> bool:
        """Waits until it is where it is to die; False if it came to its own end before."""
        assert self.process.stdout is not None
        return any(line.strip() == b"stopped" for line in self.process.stdout)

    def kill(self) -> None:
        """SIGKILL."""
        kill(self.process)


@contextlib.contextmanager
def celery(graph) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker as in production; killed, not asked, at the end."""
    process = start(graph, *CELERY.split(), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        kill(process)


def start(graph, module: str, *words: str, stdout: int) -> "subprocess.Popen[bytes]":
    """`python -m module …` as a process group of its own that sends to this Graph API."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env={**os.environ, "WHATSAPP_GRAPH_URL": graph.url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=settings.BASE_DIR,
        start_new_session=True,
        stdout=stdout,
        stderr=subprocess.DEVNULL if stdout == subprocess.DEVNULL else None,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to it and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def settled(world) -> None:
    """The leases of a dead worker run out, the sweep settles them, and everybody's next turn comes."""
    with scope(world.id):
        Message.objects.filter(outbox=Message.Status.SENDING).update(due=Now() - timedelta(seconds=1))
    delivery.sweep()
    with scope(world.id):
        campaigns = list(Campaign.objects.all())
    for campaign in campaigns:
        now_due(world, campaign)


def finish(world, campaign):
    """What happens by itself afterwards: leases run out, the sweep looks, and other workers go on."""
    settled(world)
    drive(world, campaign)
    assert fresh(world, campaign).state == Campaign.State.DONE
    assert waiting(world, campaign) == 0


def accounted(world, campaign, graph, people):
    """Nobody twice, nobody lost: who was accepted once is sent or unconfirmed, who was not is unconfirmed."""
    assert max(graph.accepted.values()) == 1
    statuses = {each.phone: message_to(world, campaign, each).status for each in people}
    assert len(statuses) == len(people)
    for phone, status in statuses.items():
        assert status in {Message.Status.SENT, Message.Status.UNCONFIRMED}
        assert status == Message.Status.UNCONFIRMED or graph.accepted[phone] == 1
    assert sum(shown(world, campaign).values()) == len(people)
    return [phone for phone, status in statuses.items() if status == Message.Status.UNCONFIRMED]


def main(campaign_id: int, workspace_id: int, stop_at: str, after: int) -> None:
    """Sends until nothing is left, or stops where it is told to."""
    if stop_at:
        module, _, path = stop_at.partition(":")
        *owners, name = path.split(".")
        owner = reduce(getattr, owners, importlib.import_module(module))
        original, calls = getattr(owner, name), iter(range(10**9))

        def stopping(*args, **kwargs):
            if next(calls) >= after:
                print("stopped", flush=True)  # noqa: T201 - the test reads it
                signal.pause()
            return original(*args, **kwargs)

        setattr(owner, name, stopping)
    while fanout.run_slice(campaign_id, workspace_id).seconds is not None:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))

"""An agent's replies until they reach WhatsApp, while a campaign runs at the full pace of their number, against an idle system.

Through the product's own action, Celery and both workers as in production; the simulator says when each arrived.
"""

import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple
from uuid import uuid4

import redis
from django.conf import settings

from accounts.models import Membership, PhoneNumber, User
from accounts.tenancy import crossing, scope
from bench.campaigns import Shop, analyze, control, forget, introduce, worker
from bench.harness import Report
from bench.live import customer_message
from bench.processes import uvicorn
from campaigns import tasks
from campaigns.actions.running import cancel
from campaigns.lanes import LANES
from inbox import actions, pace
from inbox.actions import Seen
from inbox.models import Conversation, Message
from inbox.receiving import Number, apply_messages

REPLIES = int(os.environ.get("REPLIES", "40"))  # in a measurement, each in a conversation of its own
BETWEEN_SECONDS = (0.08, 0.12)  # never in step with the leases of the campaign, a tenth of a second each
CAMPAIGN_SECONDS = REPLIES * 0.3 + 6  # at the number's pace: longer than a measurement, on a busy machine too
AT_MOST = 2.0
SHARE = (0.7, 1.05)  # of the campaign's pace that must have been reached
PATIENCE_SECONDS = 30
CUSTOMERS = 962_790_000_000


def run(report: Report) -> None:
    """The 95th of a hundred replies, from the agent's press until the simulator has accepted it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        uvicorn("simulator.app:application") as (port, _),
        worker(simulator := f"http://127.0.0.1:{port}", "replies,celery", Path(folder) / "replies.log"),
        worker(simulator, "campaigns", Path(folder) / "campaigns.log"),
    ):
        for throughput, number in (("STANDARD", "100000000000078"), ("HIGH", "100000000000079")):
            side = _Side(number, throughput, simulator)
            side.warm_up()
            report.pairs(f"reply-{side.rate}", "ms", side.loaded, side.idle, at_most=AT_MOST)
            report.claim(f"reply-{side.rate}-pace", *side.pace())
            report.claim(f"reply-{side.rate}-once", *side.once())
    forget()


class _Seen(NamedTuple):
    """One measurement: milliseconds of each reply, how many did not arrive once, and the campaign beside them."""

    milliseconds: list[float]
    lost: int
    repeated: int
    per_second: float
    is_loaded: bool


class _Side:
    """A number with an agent, who holds conversations, and campaigns to other people."""

    def __init__(self, phone_number_id: str, throughput: str, simulator: str) -> None:
        self.rate = PhoneNumber(throughput=throughput).per_second
        people = int(CAMPAIGN_SECONDS * self.rate)
        self.shop, self.simulator = Shop(phone_number_id, people=people, throughput=throughput), simulator
        analyze()
        self._redis = redis.Redis.from_url(settings.REDIS_URL)
        self.seen: list[_Seen] = []
        introduce(simulator, self.shop)
        user = User.objects.create(username=f"a-{phone_number_id}", email=f"a-{phone_number_id}@bench.test")
        self.agent = Membership.objects.create(workspace=self.shop.workspace, user=user, role="agent")
        self.conversations = self._conversations()

    def _conversations(self) -> list[tuple[int, Seen]]:
        """Customers who wrote just now, each claimed by the agent, and what the agent saw of them."""
        shop = self.shop
        number = Number(shop.number.pk, shop.workspace.pk, shop.account.portfolio_id)
        wa_ids = [str(CUSTOMERS + n) for n in range(REPLIES)]
        with crossing():
            apply_messages(
                [customer_message(number, wa_id, f"wamid.{shop.account.waba_id}.{wa_id}") for wa_id in wa_ids]
            )
        with scope(shop.workspace.pk):
            waiting = list(Conversation.objects.values_list("pk", "last_message_id"))
        return [
            (pk, Seen(actions.claim(member=self.agent, conversation_id=pk).claim_version, last or 0))
            for pk, last in waiting
        ]

    def warm_up(self) -> None:
        """A few replies beside a campaign, so that all threads and connections are there."""
        with self._campaign():
            self._measure(is_loaded=True, replies=8)
        analyze()
        self.seen.clear()

    def idle(self) -> float:
        """Milliseconds, and nothing else to do."""
        return self._measure(is_loaded=False)

    def loaded(self) -> float:
        """Milliseconds, beside a campaign."""
        with self._campaign():
            return self._measure(is_loaded=True)

    @contextmanager
    def _campaign(self) -> Iterator[None]:
        """A campaign that has been at its full pace for a second; it must not end by itself."""
        before = self._accepted()
        campaign = self.shop.campaign()
        tasks.enqueue_slice(self.shop.workspace.pk, campaign.pk)
        self._wait(lambda: self._accepted() > before + self.rate)
        yield
        if not self.shop.is_running(campaign):
            raise RuntimeError("the campaign ended before the replies did")
        cancel(member=self.shop.member, campaign_id=campaign.pk)
        self._wait(lambda: not self._redis.exists(*(f"inbox:lane:{campaign.pk}:{n}" for n in range(LANES))))

    def _measure(self, *, is_loaded: bool, replies: int = REPLIES) -> float:
        since, pauses = self._accepted(), random.Random(REPLIES)
        pressed: dict[int, float] = {}
        began = time.time()
        for conversation_id, seen in self.conversations[:replies]:
            time.sleep(pauses.uniform(*BETWEEN_SECONDS))  # noqa: TID251  the agent types
            press = time.time()
            message = actions.reply(
                member=self.agent,
                conversation_id=conversation_id,
                text="It leaves today and is with you tomorrow before noon.",
                request_id=uuid4(),
                seen=seen,
            )
            pressed[message.pk] = press
        ended = time.time()
        self._wait(lambda: not self._waiting())
        rows = control(self.simulator, f"accepted?since={since}")["messages"]
        arrived: defaultdict[int, list[float]] = defaultdict(list)
        for row in rows:
            arrived[int(row["opaque"].split(".")[0])].append(row["time"])
        # One that is lost counts as one that took as long as it was waited for.
        times = [
            1000 * (min(arrived.get(pk, [press + PATIENCE_SECONDS])) - press) for pk, press in pressed.items()
        ]
        others = sum(began <= at[0] < ended for pk, at in arrived.items() if pk not in pressed)
        self.seen.append(
            _Seen(
                times,
                lost=len(pressed.keys() - arrived.keys()),
                repeated=sum(len(arrived[pk]) > 1 for pk in pressed),
                per_second=others / (ended - began),
                is_loaded=is_loaded,
            )
        )
        return quantiles(times, n=20)[-1]

    def _accepted(self) -> int:
        """How many sends the simulator accepted, and with that the `seq` of the last one."""
        return int(control(self.simulator, f"accepted?count=1&since={10**9}")["count"])

    def _waiting(self) -> bool:
        with scope(self.shop.workspace.pk):
            return Message.objects.filter(outbox__isnull=False, sender=self.agent).exists()

    def _wait(self, reached: Callable[[], Any]) -> None:
        """Not for ever; what did not come in time is found by the claims."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not reached() and time.monotonic() < until:
            time.sleep(0.05)  # noqa: TID251  a bounded wait for other processes

    def pace(self) -> tuple[bool, str]:
        """Whether the campaigns ran at their pace, and nothing did beside the idle system."""
        full = self.rate * pace.FOR_CAMPAIGNS
        ran = [each.per_second for each in self.seen if each.is_loaded]
        quiet = not any(each.per_second for each in self.seen if not each.is_loaded)
        holds = quiet and all(SHARE[0] * full <= each <= SHARE[1] * full for each in ran)
        return holds, f"the campaign sent {min(ran):.4g} to {max(ran):.4g} messages/s, full pace {full:g}"

    def once(self) -> tuple[bool, str]:
        """Whether every reply arrived once; and the medians, since the ratio is about the slow ones."""
        lost, repeated = (sum(getattr(each, name) for each in self.seen) for name in ("lost", "repeated"))
        middle = {
            loaded: median(ms for each in self.seen if each.is_loaded is loaded for ms in each.milliseconds)
            for loaded in (True, False)
        }
        words = f"{len(self.seen) * REPLIES} replies, {lost} lost, {repeated} repeated"
        return not lost + repeated, f"{words}; median {middle[True]:.3g} ms, idle {middle[False]:.3g}"

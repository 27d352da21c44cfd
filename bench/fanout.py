"""A campaign of 20,000 through Celery to the simulator, at 0 and 50 ms latency, against bare aiohttp with 128 in flight.

With everything: consent, allowance, threads, messages, recipients, live progress and the limiter, which does not limit
here. The baseline posts the same bodies to the same simulator; and once more the same campaign without the limiter.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.db import connection

from accounts.tenancy import scope
from bench.campaigns import Shop, control, forget, introduce, worker
from bench.harness import Report
from bench.processes import uvicorn
from campaigns import tasks
from inbox.models import Message
from templates_wa.definition import components, definition
from whatsapp.outgoing import template_message

PEOPLE = int(os.environ.get("FANOUT", "20000"))
REACH, LIMITER = 0.45, 0.95
NUMBER = "100000000000077"


def run(report: Report) -> None:
    """Messages a second, from the request for the first slice until the campaign is done."""
    shop = Shop(NUMBER, people=PEOPLE, throughput="HIGH")
    with tempfile.TemporaryDirectory() as folder, uvicorn("simulator.app:application") as (port, _):
        simulator, flag = f"http://127.0.0.1:{port}", Path(folder) / "unlimited"
        log, unlimited = Path(folder) / "worker.log", ("bench.worker", str(flag))
        with (
            worker(simulator, "campaigns", log, *unlimited),
            _blaster(simulator, shop, Path(folder)) as blaster,
        ):
            side = _Side(shop, simulator)
            side.measure()  # warm up
            blaster.measure()
            for latency in (0, 50):
                report.pairs(
                    f"fanout-{latency}ms",
                    "messages/s",
                    lambda: side.measure(latency),  # noqa: B023  called at once
                    lambda: blaster.measure(latency),  # noqa: B023
                    at_least=REACH,
                )
            report.pairs(
                "fanout-limiter",
                "messages/s",
                side.measure,
                lambda: side.measure(without=flag),
                at_least=LIMITER,
            )
            report.claim("fanout-complete", *side.complete())
    forget()


class _Side:
    """The product: campaigns, one after the other."""

    def __init__(self, shop: Shop, simulator: str) -> None:
        self.shop, self.simulator = shop, simulator
        self.campaigns = self.events = 0
        self.wrong: list[str] = []

    def measure(self, latency: int = 0, without: Path | None = None) -> float:
        """One campaign. `without` is the flag file that switches the limiter off."""
        forget()
        introduce(self.simulator, self.shop, latency_ms=latency)
        campaign = self.shop.campaign()
        if without is not None:
            without.touch()
        started = time.perf_counter()
        tasks.enqueue_slice(self.shop.workspace.pk, campaign.pk)
        while self.shop.is_running(campaign):
            time.sleep(0.05)  # noqa: TID251  a bounded wait for another process
        elapsed = time.perf_counter() - started
        if without is not None:
            without.unlink()
        self._check(campaign.broadcast_id)
        return self.shop.people / elapsed

    def _check(self, broadcast_id: int) -> None:
        people = self.shop.people
        with scope(self.shop.workspace.pk), connection.cursor() as cursor:
            sent = Message.objects.filter(broadcast=broadcast_id, status=Message.Status.SENT).count()
            cursor.execute("SELECT count(*) FROM accounts_streamevent")
            self.events += cursor.fetchone()[0]
        counted = control(self.simulator, f"accepted?phone_number_id={NUMBER}&count=1")
        once = sum(1 for times in counted["per_person"].values() if times == 1)
        self.campaigns += 1
        if (sent, once) != (people, people):
            self.wrong.append(f"{sent} sent, {once} accepted once")

    def complete(self) -> tuple[bool, str]:
        """Whether each of all campaigns reached everybody exactly once."""
        words = f"{self.campaigns} campaigns to {self.shop.people}, {self.events} live events"
        return not self.wrong, ", ".join([words, *self.wrong])


class _Blaster:
    """The baseline's process."""

    def __init__(self, process: "subprocess.Popen[str]", simulator: str, shop: Shop) -> None:
        self.process, self.simulator, self.shop = process, simulator, shop

    def measure(self, latency: int = 0) -> float:
        """All bodies once."""
        introduce(self.simulator, self.shop, latency_ms=latency)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def _blaster(simulator: str, shop: Shop, folder: Path) -> Iterator[_Blaster]:
    bodies = folder / "bodies"
    bodies.write_bytes(b"\n".join(_bodies(shop)))
    url = f"{simulator}/v26.0/{NUMBER}/messages"
    words = [sys.executable, "-m", "bench.blaster", url, shop.account.access_token, str(bodies)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _Blaster(process, simulator, shop)
        finally:
            process.terminate()


def _bodies(shop: Shop) -> Iterator[bytes]:
    made = definition(shop.template)
    for n in range(1, shop.people + 1):
        values = {"body.1": f"Rania {n}", "body.2": "Saturday"}
        yield msgspec.json.encode(
            template_message(
                to=f"+{962_770_000_000 + n}",
                name=shop.template.name,
                language="en",
                components=components(made, values, mark=f"m{n}"),
                opaque=f"{n}.1",
            )
        )

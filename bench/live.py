"""A thousand open browsers and twenty events a second on one server process, against a bare hub.

Both servers keep their sockets throughout and listen to a workspace of their own, so only one of them works at a time.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import Any

import psutil
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace
from accounts.tenancy import crossing, scope
from bench.harness import Report
from bench.processes import uvicorn
from inbox.models import Conversation
from inbox.receiving import Number, Received, apply_messages
from whatsapp.events import InboundMessage

SOCKETS = int(os.environ.get("SOCKETS", "1000"))
SECONDS = float(os.environ.get("SECONDS", "8"))  # of each measurement
RATE = 20  # events a second
SOCKETS_PER_MEMBER = 10
AT_MOST, P99_MS = 1.5, 250


def run(report: Report) -> None:
    """CPU time of the server per frame that arrived (the product also sends counts), and whether all did in time."""
    _allow_open_files(2 * SOCKETS + 500)
    companies = Company("bench-live"), Company("bench-floor")
    with (
        uvicorn("config.asgi:application") as product,
        uvicorn(
            "bench.floor_hub:application", FLOOR_WORKSPACE=str(companies[1].number.workspace_id)
        ) as floor,
        _listeners(product[0], companies[0]) as product_listeners,
        _listeners(floor[0], companies[1]) as floor_listeners,
    ):
        connection.close()
        sides = (
            Side(companies[0], product[1], product_listeners),
            Side(companies[1], floor[1], floor_listeners),
        )
        for side in sides:
            side.measure(1.0)  # warm up
            side.seen.clear()
        report.pairs(
            "live-cpu",
            "us/frame",
            *(lambda side=side: side.measure(SECONDS) for side in sides),
            at_most=AT_MOST,
        )
    p99, bare = (median(seen["p99"] for seen in side.seen) for side in sides)
    report.claim("live-p99", p99 < P99_MS, f"p99 {p99:.0f} ms (bare hub {bare:.0f}), bound {P99_MS}")
    total = {
        name: sum(seen[name] for seen in sides[0].seen) for name in ("frames", "bytes", "delivered", "lost")
    }
    rate = median(seen["rate"] for seen in sides[0].seen)
    words = f"{rate:.1f} events/s to {SOCKETS} sockets, {total['delivered']} delivered, {total['lost']} lost"
    mean = total["bytes"] / total["frames"]
    report.claim("live-complete", not total["lost"], f"{words}; {total['frames']} frames of {mean:.0f} bytes")


def customer_message(number: Number, wa_id: str, wamid: str) -> Received:
    """A text of a customer, as it comes out of a webhook."""
    now = int(time.time())
    text = "Is my order on its way? It should have been here yesterday."
    nothing = dict.fromkeys(
        ("user_id", "parent_user_id", "username", "context_wamid", "target_wamid", "group_id")
    )
    fields: dict[str, Any] = {**nothing, "waba_id": "", "type": "text", "profile_name": "Rania Haddad"}
    raw = {"from": wa_id, "id": wamid, "timestamp": str(now), "type": "text", "text": {"body": text}}
    return Received(
        number,
        InboundMessage(
            **fields, position=0, phone_number_id="", wamid=wamid, at=now, wa_id=wa_id, text=text, raw=raw
        ),
    )


class Company:
    """A workspace with members logged in, and one customer for each event of a measurement."""

    def __init__(self, slug: str) -> None:
        workspace = Workspace.objects.create(slug=slug, name=slug)
        with scope(workspace.pk):
            Stream.objects.create(workspace=workspace)
            account = BusinessAccount.objects.create(workspace=workspace, waba_id=slug, portfolio_id=slug)
            number = PhoneNumber.objects.create(
                workspace=workspace, business_account=account, phone_number_id=slug
            )
        self.path = f"/ws/{slug}/"
        self.number = Number(number.pk, workspace.pk, slug)
        self.cookies = [self._log_in(n) for n in range(-(-SOCKETS // SOCKETS_PER_MEMBER))]
        self._serial = count()
        customers = [str(962_790_000_000 + n) for n in range(int(SECONDS * RATE) + 1)]
        with crossing():
            apply_messages([self.message(wa_id) for wa_id in customers])
        with scope(workspace.pk):
            by_phone = dict(Conversation.objects.values_list("contact__phone", "pk"))
        self.conversations = [(wa_id, by_phone[f"+{wa_id}"]) for wa_id in customers]

    def message(self, wa_id: str) -> Received:
        """A new message of the customer."""
        return customer_message(self.number, wa_id, f"wamid.{self.number.portfolio_id}.{next(self._serial)}")

    def _log_in(self, n: int) -> str:
        slug = self.number.portfolio_id
        user = User.objects.create(username=f"{slug}-{n}", email=f"{n}@{slug}.test", first_name=f"Agent {n}")
        Membership.objects.create(workspace_id=self.number.workspace_id, user=user)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


class Side:
    """A server with its sockets, and what they saw of each measurement."""

    def __init__(self, company: Company, server: psutil.Process, listeners: "Listeners") -> None:
        self.company, self.server, self.listeners = company, server, listeners
        self.seen: list[dict[str, float]] = []

    def measure(self, seconds: float) -> float:
        """Applies events for so long; returns the server's CPU time per frame that arrived, in microseconds."""
        self.listeners.ask({"count": True})
        applied: dict[int, float] = {}
        before, started = self._cpu(), time.perf_counter()
        for n, (wa_id, conversation) in enumerate(self.company.conversations[: int(seconds * RATE)]):
            time.sleep(max(0.0, started + n / RATE - time.perf_counter()))  # noqa: TID251  the beat of the events
            with crossing():
                apply_messages([self.company.message(wa_id)])
                # Before the log, the commit and the poke: what they take is part of the way.
                applied[conversation] = time.perf_counter()
        elapsed = time.perf_counter() - started
        seen = self.listeners.ask({"applied": applied})
        self.seen.append({**seen, "rate": len(applied) / elapsed})
        return 1e6 * (self._cpu() - before) / max(seen["frames"], 1)

    def _cpu(self) -> float:
        times = self.server.cpu_times()
        return times.user + times.system


class Listeners:
    """The process of the browsers (bench.listeners)."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, order: dict[str, Any]) -> dict[str, float]:
        """Sends a line and waits for its answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, float] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def _listeners(port: int, company: Company) -> Iterator[Listeners]:
    cookies = [company.cookies[n % len(company.cookies)] for n in range(SOCKETS)]
    with subprocess.Popen(
        [sys.executable, "-m", "bench.listeners"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            listeners = Listeners(process)
            listeners.ask({"port": port, "path": company.path, "cookies": cookies})
            yield listeners
        finally:
            process.terminate()


def _allow_open_files(least: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < least:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(least, hard), hard))

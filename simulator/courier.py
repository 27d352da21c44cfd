"""Carries webhooks to the business: signs, posts, duplicates, batches, and tries again until it hears 200.

Keeps a log of every POST. It knows nothing of what is inside, except which customer messages arrived.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import aiohttp
import msgspec

from simulator import webhooks
from simulator.state import World
from simulator.switches import Switches
from simulator.webhooks import Told

TIMEOUT_S = 20.0
AT_ONCE = 128  # POSTs under way; the others wait their turn here, where waiting costs nothing
RETRY_LONGEST_S = 60.0
RETRY_FOR_S = 7 * 24 * 3600  # Meta drops a webhook after seven days
KEPT_LOG = 5_000
OK = 200
Signature = Literal["good", "bad", "none"]


class Outcome(msgspec.Struct):
    """What came back: `status` of the first answer that was not 200, else 200; None when nobody answered."""

    status: int | None
    statuses: list[int | None] = []
    error: str | None = None


class Parcel(msgspec.Struct):
    """One POST: its bytes, signature and log row."""

    raw: bytes
    signature: Signature
    wamids: list[str]
    row: dict[str, Any]


class Courier:
    """One per run. `switches` is asked anew for every item, so a switch acts at once."""

    def __init__(
        self,
        world: World,
        switches: Callable[[], Switches],
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
        *,
        url: str,
        secret: str,
    ) -> None:
        self.world, self.switches, self.spawn = world, switches, spawn
        self.url, self.secret = url, secret
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT_LOG)
        self.waiting: list[tuple[Told, asyncio.Future[Outcome]]] = []
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.on_the_wire: set[asyncio.Task[tuple[int | None, str | None]]] = set()
        self.is_ending = False
        self.session: aiohttp.ClientSession | None = None

    def _http(self) -> aiohttp.ClientSession:
        """Own connections, no proxies of the environment; idle ones are dropped before a server would.

        Made at the first use, because it needs a running loop.
        """
        if self.session is None:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self.session

    async def send(self, item: Told) -> Outcome:
        """Post one item as the switches say, and return after the first attempt (retries go on behind)."""
        switches = self.switches()
        if not switches.webhooks:
            self.world.counts["webhooks:silenced"] += 1
            self.world.touch()
            return Outcome(None, error="webhooks are switched off")
        if switches.batch > 1:
            return await self._in_company(item, switches)
        return await self._post_items([item])

    async def send_raw(self, body: Any, signature: Signature, *, retry: bool) -> Outcome:
        """Sign any body and post it once (or until 200 with `retry`). A str goes out as its own bytes."""
        raw = body.encode() if isinstance(body, str) else webhooks.encode(body)
        return await self._deliver(self._parcel(raw, signature, [], "raw"), retry=retry)

    async def _in_company(self, item: Told, switches: Switches) -> Outcome:
        ready: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append((item, ready))
        if len(self.waiting) >= switches.batch:
            self._send_off()
        elif len(self.waiting) == 1:
            self.spawn(self._send_off_after(switches.batch_ms / 1000))
        return await ready

    async def _send_off_after(self, seconds: float) -> None:
        # A timer of an earlier batch that filled up may close a later one early: harmless.
        await asyncio.sleep(seconds)
        self._send_off()

    def _send_off(self) -> None:
        """Close the batch now, without waiting in between, so that it never grows beyond its size."""
        batch, self.waiting = self.waiting, []
        if batch:
            self.spawn(self._post_batch(batch))

    async def _post_batch(self, batch: list[tuple[Told, asyncio.Future[Outcome]]]) -> None:
        if self.switches().shuffle:
            random.shuffle(batch)
        outcome = await self._post_items([item for item, _ in batch])
        for _, ready in batch:
            if not ready.done():
                ready.set_result(outcome)

    async def settle(self, seconds: float) -> None:
        """Begin no POST any more, and let those on the wire arrive, for so long at most.

        Without it the business could hear of an old run after a new one began.
        """
        self.is_ending = True
        if self.on_the_wire:
            await asyncio.wait(self.on_the_wire, timeout=seconds)

    async def close(self) -> None:
        """Give up what still waits for company and drop the connections."""
        for _, ready in self.waiting:
            if not ready.done():
                ready.set_result(Outcome(None, error="the simulator was reset"))
        self.waiting = []
        if self.session is not None:
            await self.session.close()

    async def _post_items(self, items: list[Told]) -> Outcome:
        raw = webhooks.encode(webhooks.envelope(items))
        wamids = [item.wamid for item in items if item.wamid]
        label = ", ".join(item.label for item in items[:5])
        copies = [
            self._deliver(self._parcel(raw, "good", wamids, label, items=len(items)), retry=True)
            for _ in range(1 + self.switches().duplicates)
        ]
        outcomes = await asyncio.gather(*copies)
        bad = next((outcome for outcome in outcomes if outcome.status != OK), outcomes[0])
        return Outcome(bad.status, [outcome.status for outcome in outcomes], bad.error)

    def _parcel(
        self, raw: bytes, signature: Signature, wamids: list[str], label: str, *, items: int = 0
    ) -> Parcel:
        self.world.counts["webhooks:posts"] += 1
        number = self.world.counts["webhooks:posts"]
        row: dict[str, Any] = {"id": number, "what": label, "items": items, "bytes": len(raw)}
        row |= {"started": time.time(), "attempts": [], "done": False}
        self.log.append(row)
        return Parcel(raw, signature, wamids, row)

    async def _deliver(self, parcel: Parcel, *, retry: bool) -> Outcome:
        outcome = await self._attempt(parcel)
        if outcome.status != OK and retry and self.switches().retry:
            self.spawn(self._keep_trying(parcel))
        return outcome

    async def _keep_trying(self, parcel: Parcel) -> None:
        pause = self.switches().retry_first_ms / 1000
        give_up = time.monotonic() + RETRY_FOR_S
        while time.monotonic() < give_up and self.switches().retry:
            await asyncio.sleep(pause)
            if not self.switches().webhooks:
                continue
            if (await self._attempt(parcel)).status == OK:
                return
            pause = min(pause * 2, RETRY_LONGEST_S)

    async def _attempt(self, parcel: Parcel) -> Outcome:
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if parcel.signature != "none":
            secret = self.secret if parcel.signature == "good" else self.secret + "-wrong"
            headers["X-Hub-Signature-256"] = webhooks.signature(secret, parcel.raw)
        async with self.turns:
            if self.is_ending:
                return Outcome(None, error="the simulator was reset")
            started = time.monotonic()
            post = asyncio.create_task(self._post(parcel.raw, headers))
            self.on_the_wire.add(post)
            post.add_done_callback(self.on_the_wire.discard)
            # Shielded: who waits may be dropped by a reset, which then waits for the POST itself.
            status, error = await asyncio.shield(post)
        took_ms = round((time.monotonic() - started) * 1000, 1)
        parcel.row["attempts"].append({"status": status, "error": error, "ms": took_ms})
        self._account(parcel, arrived=status == OK)
        return Outcome(status, [status], error)

    async def _post(self, raw: bytes, headers: dict[str, str]) -> tuple[int | None, str | None]:
        """The status and no error, or no status and an error."""
        try:
            post = self._http().post(self.url, data=raw, headers=headers, allow_redirects=False)
            async with post as response:
                await response.read()
                return response.status, None
        except (aiohttp.ClientError, TimeoutError) as failure:
            return None, f"{type(failure).__name__}: {failure}".rstrip(": ")

    def _account(self, parcel: Parcel, *, arrived: bool) -> None:
        self.world.counts["webhooks:200" if arrived else "webhooks:failed attempts"] += 1
        parcel.row["done"] = arrived
        if arrived:
            for wamid in parcel.wamids:
                message = self.world.messages.get(wamid)
                if message is not None:
                    self.world.advance(message, "delivered")
        self.world.touch()

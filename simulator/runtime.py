"""One running simulator: its memory, switches, courier and background work, and the start and end of it all.

The request handlers get this object; nothing else holds state between requests.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from simulator import demo_home, demo_travel, memory, people
from simulator.config import Config
from simulator.courier import Courier
from simulator.limits import Limits
from simulator.state import Message, World
from simulator.switches import Switches

SAVE_EVERY_S = 1.0
SETTLE_S = 1.0  # how long a reset waits for webhooks on the wire
SAVE_SHARE = 50  # at most one part in so many of the time goes into saving
logger = logging.getLogger("simulator")


class Simulator:
    """Begin with `start`, end with `stop`; `reset` goes back to the beginning without a restart."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.tasks: set[asyncio.Task[Any]] = set()
        self.plans: dict[str, asyncio.Task[Any]] = {}  # receipts still under way, by wamid
        # From the clock, so that a page which outlives a restart notices it.
        self._begin(time.time_ns() // 1_000_000)

    def _begin(self, version: int) -> None:
        templates = [*demo_home.templates(), *demo_travel.templates()]
        self.world = World(self.config.numbers, people.everybody(), version, templates)
        self.switches = Switches()
        self.limits = Limits()
        self.held: dict[str, list[Message]] = {}  # by template id: what waits for its assessment
        self.courier = Courier(
            self.world,
            lambda: self.switches,
            self.spawn,
            url=self.config.webhook_url,
            secret=self.config.app_secret,
        )

    async def start(self) -> None:
        """Remember the last run, if a state file was named, and keep the file fresh."""
        if self.config.state_file is not None:
            memory.load(self.config.state_file, self.world)
            self.spawn(self._keep_saving())

    async def stop(self) -> None:
        await self._drop_work()
        if self.config.state_file is not None:
            memory.save(self.config.state_file, self.world)

    async def reset(self) -> None:
        """Forget messages, strangers, counts, the log and every pending webhook; all switches back."""
        await self._drop_work()
        # The version goes on: a page that knows version 40 must see that what follows is different.
        self._begin(self.world.version + 1)
        if self.config.state_file is not None:
            self.spawn(self._keep_saving())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something behind the requests. Its failure is logged, not raised."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background work failed", exc_info=error)

    async def _drop_work(self) -> None:
        await self.courier.settle(SETTLE_S)
        pending = [task for task in self.tasks if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self.plans.clear()
        await self.courier.close()

    async def _keep_saving(self) -> None:
        saved = self.world.version
        pause_s = SAVE_EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            if self.config.state_file is not None and saved != self.world.version:
                saved = self.world.version
                began = time.monotonic()
                memory.save(self.config.state_file, self.world)
                # A large memory is written less often: saving stays a small part of the work.
                pause_s = max(SAVE_EVERY_S, SAVE_SHARE * (time.monotonic() - began))

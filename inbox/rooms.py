"""One workspace's sockets in this process: reads the log once for all of them and keeps them in step.

Everything that moves the cursor or adds a socket happens under one lock, so a socket that has joined has seen
exactly the events up to the room's cursor. Knows nothing of Redis, of other workspaces or of HTTP.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.db import DatabaseError

from inbox import frames
from inbox.frames import Audience, Batch
from inbox.sockets import NOT_A_MEMBER, Socket

log = structlog.get_logger(__name__)

HISTORY_LIMIT = 300  # frames kept for browsers that load a page or come back after a moment
COUNTS_PAUSE = 0.5  # seconds between two counts frames

Run = Callable[..., Awaitable[Any]]


class Room:
    """`known` is how far the log is said to be, `cursor` how far every socket has been told."""

    def __init__(self, workspace_id: int, run: Run) -> None:
        self.workspace_id = workspace_id
        self.sockets: set[Socket] = set()
        self.expected = 0  # sockets that are joining
        self.known = 0
        self.cursor = -1
        self._run = run  # calls a synchronous function in a worker thread
        self._lock = asyncio.Lock()
        self._history: deque[Batch] = deque()
        self._history_after = 0
        self._counts = ""
        self._counts_stale = False
        self._counting: asyncio.Task[None] | None = None

    async def join(self, socket: Socket, since: int | None) -> None:
        """Gives the socket what it missed after `since` and adds it. None means: from now on.

        Missed too much, or a log that ends before `since` (a database put back): it is told to load the page again.
        """
        async with self._lock:
            if self.cursor < 0:
                self.cursor = self._history_after = await self._reached()
            if since is not None and since > self.cursor:
                self.known = max(self.known, await self._reached())
                await self._advance()
            if since is None:
                since = self.cursor
            elif not await self._replay(socket, since):
                socket.replay = [frames.RESET]
                return
            if not self._counts:
                self._counts = await self._run(frames.counts, self.workspace_id)
            socket.replay += [self._counts, frames.caught_up(self.cursor)]
            self.sockets.add(socket)

    async def open_thread(self, socket: Socket, thread: int | None, since: int | None) -> None:
        """The socket shows another thread now; with `since`, it also gets what changed in it after that."""
        async with self._lock:
            socket.thread = thread
            if thread is not None and since is not None:
                socket.put(await self._thread_since(socket, thread, since))

    async def catch_up(self) -> None:
        """Reads the log up to what is known, and tells every socket."""
        async with self._lock:
            await self._advance()

    async def start_over(self) -> None:
        """The log is shorter than what was told (a database put back): every browser loads its page again."""
        async with self._lock:
            for socket in self.sockets:
                socket.put(frames.RESET)
            self.sockets.clear()

    def beat(self) -> None:
        """The heartbeat. `cursor` moves after a batch is queued, so it never promises what was not sent."""
        text = frames.ping(self.cursor)
        for socket in self.sockets:
            socket.put(text)

    async def close(self) -> None:
        """Stops the room's own task."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)

    async def _reached(self) -> int:
        found: dict[int, int] = await self._run(frames.reached, [self.workspace_id])
        return found.get(self.workspace_id, 0)

    async def _advance(self) -> None:
        while self.cursor < self.known:
            audience = self._audience()
            batch: Batch | None = await self._run(
                frames.read, self.workspace_id, max(self.cursor, 0), audience
            )
            if batch is None:
                break
            self._deliver(batch)
            self.cursor = batch.seq
            self._remember(batch)
            # Lets the writers empty their queues between two batches of a burst.
            await asyncio.sleep(0)

    def _deliver(self, batch: Batch) -> None:
        for frame in batch.frames:
            conversation_id, row, thread = frame.conversation_id, frame.row, frame.thread
            for socket in self.sockets:
                text = (thread if socket.thread == conversation_id else row).get(socket.language)
                if text:
                    socket.put(text)
        for socket in self.sockets if batch.members else ():
            welcome = batch.members.get(socket.listener.membership_id)
            if welcome is False:
                socket.end(NOT_A_MEMBER)
            elif welcome:
                socket.put(frames.RESET)  # another role: the page is drawn anew
        if any(frame.row for frame in batch.frames):
            self._count()

    def _remember(self, batch: Batch) -> None:
        self._history.append(batch)
        while sum(len(kept.frames) or 1 for kept in self._history) > HISTORY_LIMIT:
            self._history_after = self._history.popleft().seq

    async def _replay(self, socket: Socket, since: int) -> bool:
        """Fills the socket's replay with all after `since`; False when that is not possible."""
        if since >= self.cursor:
            return since == self.cursor
        rows = self._remembered(socket, since)
        if rows is None:
            audience = Audience(frozenset([socket.language]))
            batch: Batch | None = await self._run(
                frames.missed, self.workspace_id, since, self.cursor, audience
            )
            if batch is None or socket.listener.membership_id in batch.members:
                return False
            rows = [frame.row[socket.language] for frame in batch.frames if frame.row]
        if socket.thread is not None:
            # Before the rows, because they move the browser's cursor past it.
            socket.replay.append(await self._thread_since(socket, socket.thread, since))
        socket.replay += rows
        return True

    def _remembered(self, socket: Socket, since: int) -> list[str] | None:
        """The newest row of each conversation after `since`, from memory; None when the log must be read."""
        if since < self._history_after:
            return None
        newest: dict[int, str | None] = {}
        for batch in reversed(self._history):
            if batch.seq <= since:
                break
            if socket.listener.membership_id in batch.members:
                return None
            for frame in reversed(batch.frames):
                if not frame.only_ticks:
                    newest.setdefault(frame.conversation_id, frame.row.get(socket.language))
        rows = [row for row in reversed(newest.values()) if row]
        # A row that nobody here has seen in this language was never rendered.
        return rows if len(rows) == len(newest) else None

    async def _thread_since(self, socket: Socket, thread: int, since: int) -> str:
        text: str = await self._run(frames.thread_since, self.workspace_id, thread, since, socket.language)
        return text

    def _count(self) -> None:
        self._counts_stale = True
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._send_counts())

    async def _send_counts(self) -> None:
        while self._counts_stale and self.sockets:
            self._counts_stale = False
            try:
                text: str = await self._run(frames.counts, self.workspace_id)
            except DatabaseError as error:
                log.warning("live.counts_late", workspace=self.workspace_id, error=str(error))
                self._counts_stale = True
            else:
                if text != self._counts:
                    self._counts = text
                    for socket in self.sockets:
                        socket.put(text)
            await asyncio.sleep(COUNTS_PAUSE)

    def _audience(self) -> Audience:
        return Audience(
            languages=frozenset(socket.language for socket in self.sockets),
            threads=frozenset(socket.thread for socket in self.sockets if socket.thread is not None),
        )

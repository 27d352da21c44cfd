"""One workspace's sockets in this process: reads the log once for all of them and keeps them in step.

A socket that has joined has seen exactly the events up to the room's cursor. Nobody who comes holds up those who are
there: all reading for them happens beside the log's, and what adds them to the room awaits nothing.
"""

import asyncio

import structlog
from django.db import DatabaseError

from inbox import frames
from inbox.frames import Audience, Batch
from inbox.past import Past, Run
from inbox.sockets import NOT_A_MEMBER, Socket

log = structlog.get_logger(__name__)

COUNTS_PAUSE = 0.5  # seconds between two counts frames
BROADCAST_PAUSE = 1.0  # seconds between two frames of a broadcast


class Room:
    """`known` is how far the log is said to be, `cursor` how far every socket has been told.

    `live` calls a function for all sockets, `aside` one for those who come: each in threads of its own.
    """

    def __init__(self, workspace_id: int, live: Run, aside: Run) -> None:
        self.workspace_id = workspace_id
        self.sockets: set[Socket] = set()
        self.joining: dict[Socket, int | None] = {}  # with the seq after which they missed everything
        self.known = 0
        self.cursor = -1
        self._run = live
        self._lock = asyncio.Lock()  # moves the cursor
        self._past = Past(workspace_id, aside)
        self._over = False
        self._counts = ""
        self._counts_stale = False
        self._counting: asyncio.Task[None] | None = None
        self._broadcasts: set[int] = set()  # changed since their last frame
        self._announcing: asyncio.Task[None] | None = None

    async def join(self, socket: Socket, since: int | None) -> None:
        """Gives the socket what it missed after `since` and adds it. None means: from now on.

        Missed too much, or a log that ends before `since` (a database put back): it is told to load the page again.
        """
        self.joining[socket] = since
        try:
            await self._begin(since)
            if not self._counts:
                counts = await self._past.once("counts", frames.counts, self.workspace_id)
                self._counts = self._counts or counts
            missed = [] if since is None else await self._missed(socket, since)
            # Nothing is awaited from here on, or the cursor could move before the socket is in the room.
            if missed is None or self._over:
                socket.replay([frames.RESET])
            else:
                changed = [] if since is None else self._past.broadcasts(socket.language, since)
                told = [frames.broadcast(pk, self.cursor) for pk in changed]
                socket.replay([*missed, *told, self._counts, frames.caught_up(self.cursor)])
                self.sockets.add(socket)
        finally:
            del self.joining[socket]

    async def open_thread(self, socket: Socket, thread: int | None, since: int | None) -> None:
        """The socket shows another thread now; with `since`, it also gets what changed in it after that."""
        if thread is not None and since is not None:
            text, told = await self._past.thread(thread, socket.language, since, self.cursor)
            while self._past.thread_changed(thread, socket.language, told):
                text, told = await self._past.thread(thread, socket.language, since, self.cursor)
            socket.put(text)
        socket.thread = thread

    async def catch_up(self) -> None:
        """Reads the log up to what is known, and tells every socket."""
        async with self._lock:
            await self._advance()

    async def start_over(self) -> None:
        """The log is shorter than what was told (a database put back): every browser loads its page again."""
        async with self._lock:
            self._over = True
            for socket in self.sockets:
                socket.put(frames.RESET)
            self.sockets.clear()

    def beat(self) -> None:
        """The heartbeat. `cursor` moves after a batch is queued, so it never promises what was not sent."""
        text = frames.ping(self.cursor)
        for socket in self.sockets:
            socket.put(text)
        for socket in self.joining:
            socket.put(frames.WAIT)
        self._past.tidy()

    async def close(self) -> None:
        """Stops the room's own tasks."""
        tasks = [task for task in (self._counting, self._announcing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self, since: int | None) -> None:
        """Finds out how far the log is, when nobody has yet, or when the browser knows more than the room."""
        if self.cursor < 0:
            reached = await self._reached(None)
            if self.cursor < 0:
                self.cursor = self._past.after = reached
        if since is not None and since > self.cursor:
            self.known = max(self.known, await self._reached(since))
            await self.catch_up()

    async def _reached(self, since: int | None) -> int:
        # An answer is shared only by those who know as much: it may be older than what another one knows.
        found: dict[int, int] = await self._past.once(("reached", since), frames.reached, [self.workspace_id])
        return found.get(self.workspace_id, 0)

    async def _advance(self) -> None:
        while 0 <= self.cursor < self.known:
            audience = self._audience()
            batch: Batch | None = await self._run(frames.read, self.workspace_id, self.cursor, audience)
            if batch is None:
                break
            if self._misses(batch, audience):
                continue
            self._deliver(batch)
            self.cursor = batch.seq
            self._past.remember(batch)
            # Lets the writers empty their queues between two batches of a burst.
            await asyncio.sleep(0)

    def _misses(self, batch: Batch, audience: Audience) -> bool:
        """Whether somebody came, or opened a thread, for whom the batch should have been rendered too."""
        now = self._audience()
        opened = now.threads - audience.threads
        return (
            not now.languages <= audience.languages
            or bool(opened and batch.broadcasts)  # whose messages were looked up for the threads of then
            or any(frame.conversation_id in opened for frame in batch.frames)
        )

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
        if batch.broadcasts or any(frame.row for frame in batch.frames):
            self._count()
        if batch.broadcasts:
            self._announce(batch.broadcasts)

    def _announce(self, broadcasts: frozenset[int]) -> None:
        self._broadcasts |= broadcasts
        if self._announcing is None or self._announcing.done():
            self._announcing = asyncio.create_task(self._send_broadcasts())

    async def _send_broadcasts(self) -> None:
        """A campaign at work changes many times a second; that it did is said once, after the batches that did it."""
        while self._broadcasts and self.sockets:
            for broadcast_id in sorted(self._broadcasts):
                text = frames.broadcast(broadcast_id, self.cursor)
                for socket in self.sockets:
                    socket.put(text)
            self._broadcasts.clear()
            await asyncio.sleep(BROADCAST_PAUSE)

    async def _missed(self, socket: Socket, since: int) -> list[str] | None:
        """All after `since` up to the cursor as it is on return; None when the page must be loaded again."""
        language, thread, opened, told = socket.language, socket.thread, [], since
        while since <= self.cursor:
            rows = self._past.rows(language, since)
            if rows is None:
                if self.cursor - since > frames.REPLAY_LIMIT or self._past.lost(language, since):
                    return None
                await self._past.fill(language, self._oldest(language), self.cursor)
            elif self._past.member_changed(socket.listener.membership_id, language, since):
                return None
            elif thread is not None and self._past.thread_changed(thread, language, told):
                start = self._past.together(language, since)
                text, told = await self._past.thread(thread, language, start, self.cursor)
                opened = [text]
            else:
                # The thread comes before the rows, because they move the browser's cursor past it.
                return opened + rows
        return None

    def _oldest(self, language: str) -> int:
        """Where to begin so that all who are joining now are served by one reading."""
        return min(
            each
            for socket, each in self.joining.items()
            if each is not None and socket.language == language and self.cursor - each <= frames.REPLAY_LIMIT
        )

    def _count(self) -> None:
        self._counts_stale = True
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._send_counts())

    async def _send_counts(self) -> None:
        while self._counts_stale and (self.sockets or self.joining):
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
        everybody = [*self.sockets, *self.joining]
        return Audience(
            languages=frozenset(socket.language for socket in everybody),
            threads=frozenset(socket.thread for socket in everybody if socket.thread is not None),
        )

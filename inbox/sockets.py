"""One browser's socket as the hub sees it: a bounded queue in, one writer out.

Never drops a frame silently: a socket that cannot keep up is closed and resumes from its cursor.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from inbox.admission import Listener

Send = Callable[[dict[str, Any]], Awaitable[None]]

# Why the server closed a socket; the browser acts on it.
LOG_IN, NOT_A_MEMBER, TOO_SLOW, RESTART, TRY_AGAIN = 4401, 4403, 4008, 1012, 1013
WAITING_LIMIT = 256  # frames
TURN = 8  # frames of a replay sent at once


class Socket:
    """Frames wait here in the order in which they must arrive. `ended` is set when the server wants it closed."""

    __slots__ = ("_missed", "_waiting", "_wake", "code", "ended", "language", "listener", "thread")

    def __init__(self, listener: Listener, *, language: str, thread: int | None) -> None:
        loop = asyncio.get_running_loop()
        self.listener = listener
        self.language = language
        self.thread = thread
        self.code: int | None = None
        self.ended: asyncio.Future[None] = loop.create_future()
        self._missed: deque[str] = deque()
        self._waiting: deque[str] = deque()
        self._wake: asyncio.Future[None] | None = None

    def replay(self, texts: Iterable[str]) -> None:
        """Queues what was missed, before all that comes from now on, and not bounded by WAITING_LIMIT."""
        if self.code is None:
            self._missed.extend(texts)
            self._wake_writer()

    def put(self, text: str) -> None:
        """Queues a frame; a socket that already has WAITING_LIMIT of them is closed instead."""
        if self.code is not None:
            return
        if len(self._waiting) >= WAITING_LIMIT:
            self.end(TOO_SLOW)
            return
        self._waiting.append(text)
        self._wake_writer()

    def end(self, code: int) -> None:
        """Asks for the socket to be closed with `code`; frames that still wait are not sent any more."""
        if self.code is None:
            self.code = code
            self._missed.clear()
            self._waiting.clear()
            if not self.ended.done():
                self.ended.set_result(None)

    async def write(self, send: Send, turns: asyncio.Semaphore) -> None:
        """Sends what was missed, then what is queued, until cancelled. `send` is the server's own, see routing.

        A replay waits for its turn every few frames: a thousand of them at once would hold up the loop for
        seconds, and with it the sockets that are up to date. Nobody sends during a turn, so none is held up.
        """
        missed, waiting = self._missed, self._waiting
        loop = asyncio.get_running_loop()
        while True:
            while missed:
                async with turns:
                    await asyncio.sleep(0)
                for _ in range(TURN):
                    if missed:
                        await send({"type": "websocket.send", "text": missed.popleft()})
            while waiting and not missed:
                await send({"type": "websocket.send", "text": waiting.popleft()})
            if not missed:
                self._wake = loop.create_future()
                await self._wake

    def _wake_writer(self) -> None:
        # A writer that has just been cancelled leaves a cancelled future behind.
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        self._wake = None

"""One browser's socket as the hub sees it: a bounded queue in, one writer out.

Never drops a frame silently: a socket that cannot keep up is closed and resumes from its cursor.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from inbox.admission import Listener

Send = Callable[[dict[str, Any]], Awaitable[None]]

# Why the server closed a socket; the browser acts on it.
LOG_IN, NOT_A_MEMBER, TOO_SLOW, RESTART, TRY_AGAIN = 4401, 4403, 4008, 1012, 1013
WAITING_LIMIT = 256  # frames


class Socket:
    """Frames wait here in the order in which they must arrive. `ended` is set when the server wants it closed."""

    __slots__ = ("_waiting", "_wake", "code", "ended", "language", "listener", "replay", "thread")

    def __init__(self, listener: Listener, *, language: str, thread: int | None) -> None:
        loop = asyncio.get_running_loop()
        self.listener = listener
        self.language = language
        self.thread = thread
        self.replay: list[str] = []  # what was missed; sent first, and not bounded by WAITING_LIMIT
        self.code: int | None = None
        self.ended: asyncio.Future[None] = loop.create_future()
        self._waiting: deque[str] = deque()
        self._wake: asyncio.Future[None] | None = None

    def put(self, text: str) -> None:
        """Queues a frame; a socket that already has WAITING_LIMIT of them is closed instead."""
        if self.code is not None:
            return
        if len(self._waiting) >= WAITING_LIMIT:
            self.end(TOO_SLOW)
            return
        self._waiting.append(text)
        if self._wake is not None:
            self._wake.set_result(None)
            self._wake = None

    def end(self, code: int) -> None:
        """Asks for the socket to be closed with `code`; frames that still wait are not sent any more."""
        if self.code is None:
            self.code = code
            self._waiting.clear()
            if not self.ended.done():
                self.ended.set_result(None)

    async def write(self, send: Send) -> None:
        """Sends what was missed, then what is queued, until cancelled. `send` is the server's own, see routing."""
        for text in self.replay:
            await send({"type": "websocket.send", "text": text})
        self.replay = []
        waiting = self._waiting
        loop = asyncio.get_running_loop()
        while True:
            while waiting:
                await send({"type": "websocket.send", "text": waiting.popleft()})
            self._wake = loop.create_future()
            await self._wake

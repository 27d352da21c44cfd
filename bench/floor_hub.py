"""The floor of live: a bare ASGI server of sockets, that knows neither people nor pages.

One listener of the same pokes, one reading of the same log, one prepared frame per event, one bounded queue per socket.
"""

import asyncio
import json
import os
from collections import deque
from typing import Any

import psycopg
import redis.asyncio

POKES = "inbox:pokes"  # accounts.stream.POKES, but nothing of the product is imported here
ROW = "x" * 1150
WAITING_LIMIT = 256


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Lets everybody listen to the workspace FLOOR_WORKSPACE."""
    if scope["type"] == "lifespan":
        await receive()
        listener = asyncio.create_task(_listen(int(os.environ["FLOOR_WORKSPACE"])))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        listener.cancel()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await _socket(receive, send)


class Queue:
    """Leaner than asyncio's: a baseline should be hard to beat."""

    __slots__ = ("waiting", "wake")

    def __init__(self) -> None:
        self.waiting: deque[str] = deque(['{"caught_up":1}'])
        self.wake: asyncio.Future[None] | None = None

    def put(self, text: str) -> None:
        """Raises OverflowError when the socket is too slow."""
        if len(self.waiting) >= WAITING_LIMIT:
            raise OverflowError
        self.waiting.append(text)
        if self.wake is not None:
            self.wake.set_result(None)
            self.wake = None

    async def write(self, send: Any) -> None:
        """Sends until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            while self.waiting:
                await send({"type": "websocket.send", "text": self.waiting.popleft()})
            self.wake = loop.create_future()
            await self.wake


queues: set[Queue] = set()


async def _socket(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    queue = Queue()
    queues.add(queue)
    writer = asyncio.create_task(queue.write(send))
    while (await receive())["type"] != "websocket.disconnect":
        pass
    queues.discard(queue)
    writer.cancel()


async def _listen(workspace: int) -> None:
    database = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
    await database.execute("SELECT set_config('app.workspace_id', %s, false)", [str(workspace)])
    seq = 0
    client = redis.asyncio.from_url(os.environ["REDIS_URL"])
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(POKES)
        async for poke in pubsub.listen():
            if workspace not in dict(json.loads(poke["data"])):
                continue
            events = await database.execute(
                "SELECT seq, object_id FROM accounts_streamevent WHERE workspace_id = %s AND seq > %s ORDER BY seq",
                [workspace, seq],
            )
            for seq, conversation in await events.fetchall():
                frame = json.dumps(
                    {"seq": seq, "conversation": conversation, "row": ROW}, separators=(",", ":")
                )
                for queue in queues:
                    queue.put(frame)
